//! Lines in columns, as wide as their widest cell or as the room that there is.

use crate::fold::fold;
use crate::tone::{Paint, Tone};

/// A column, and how narrow it may become where there is too little room.
pub(crate) struct Column {
    pub(crate) head: &'static str,
    pub(crate) least: usize,
    pub(crate) cut: Cut,
}

/// What a cell loses that does not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Its beginning: of a path the end tells more.
    Start,
    /// Its end.
    End,
}

#[derive(Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::toned(text, Tone::Plain)
    }

    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// Rows below a head. `columns` yield room in the order of `yielding`.
pub(crate) struct Table<const N: usize> {
    pub(crate) columns: [Column; N],
    pub(crate) yielding: &'static [usize],
    pub(crate) rows: Vec<Row<N>>,
    /// What is true of all rows, below them.
    pub(crate) foot: Option<String>,
}

/// A line in columns, and what is to be said below it, of which nothing is cut.
pub(crate) struct Row<const N: usize> {
    pub(crate) cells: [Cell; N],
    pub(crate) notes: Vec<String>,
}

impl<const N: usize> From<[Cell; N]> for Row<N> {
    fn from(cells: [Cell; N]) -> Self {
        Self { cells, notes: Vec::new() }
    }
}

/// Between two columns.
const GAP: usize = 2;
/// Where notes begin, and where their further lines do.
const NOTE: usize = 4;
const FURTHER: usize = 6;

impl<const N: usize> Table<N> {
    /// The lines, without the break at the end. A column without any text is left out; `paint` dresses a cell in its tone. Without a `width` nothing is cut.
    pub(crate) fn render(&self, width: Option<usize>, paint: Paint<'_>) -> String {
        let widths = self.widths(width);
        let head: Row<N> = self.columns.each_ref().map(|column| Cell::toned(column.head, Tone::Head)).into();
        let room = |indent: usize| width.map_or(usize::MAX, |width| width.saturating_sub(indent));
        let mut text = String::new();
        let is_used = |at: usize| self.rows.iter().any(|row| !row.cells[at].text.is_empty());
        for (index, row) in std::iter::once(&head).chain(&self.rows).enumerate() {
            if index > 0 {
                text.push('\n');
            }
            // Blanks are written before the next cell that has a text, so that no line ends with any.
            let mut blanks = 0;
            let cells = row.cells.iter().zip(&self.columns).zip(widths).enumerate();
            for (_, ((cell, column), width)) in cells.filter(|(at, _)| is_used(*at)) {
                let shown = fit(&cell.text, width, column.cut);
                let used = shown.chars().count();
                if used > 0 {
                    text.extend(std::iter::repeat_n(' ', blanks));
                    text.push_str(&paint(&shown, cell.tone));
                    blanks = 0;
                }
                blanks += width.saturating_sub(used) + GAP;
            }
            for note in &row.notes {
                for (at, line) in fold(note, room(NOTE), room(FURTHER)).into_iter().enumerate() {
                    let indent = if at == 0 { NOTE } else { FURTHER };
                    text.push_str(&format!("\n{:indent$}{}", "", paint(line, Tone::Faint)));
                }
            }
        }
        if let Some(foot) = &self.foot {
            let indent = format!("\n{:FURTHER$}", "");
            text.push_str("\n\n");
            text.push_str(&fold(foot, room(0), room(FURTHER)).join(&indent));
        }
        text
    }

    fn widths(&self, room: Option<usize>) -> [usize; N] {
        let widest = |at: usize| {
            let cells = || self.rows.iter().map(|row| row.cells[at].text.chars().count());
            match cells().max() {
                Some(0) | None => 0,
                Some(widest) => widest.max(self.columns[at].head.len()),
            }
        };
        let mut widths: [usize; N] = std::array::from_fn(widest);
        for &at in self.yielding {
            let used = widths.iter().filter(|&&width| width > 0).count();
            let total = widths.iter().sum::<usize>() + GAP * used.saturating_sub(1);
            let excess = room.map_or(0, |room| total.saturating_sub(room));
            let least = self.columns[at].least.max(self.columns[at].head.len());
            widths[at] = widths[at].min(widths[at].saturating_sub(excess).max(least));
        }
        widths
    }
}

fn fit(text: &str, width: usize, cut: Cut) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    match cut {
        Cut::End => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        Cut::Start => std::iter::once('…').chain(text.chars().skip(length + 1 - width)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::plain;

    fn table(rows: &[[&str; 3]]) -> Table<3> {
        let column = |head, least, cut| Column { head, least, cut };
        Table {
            columns: [column("A", 4, Cut::End), column("B", 4, Cut::End), column("C", 6, Cut::Start)],
            yielding: &[1, 2],
            rows: rows.iter().map(|row| row.map(Cell::new).into()).collect(),
            foot: None,
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let table = table(&[["a", "bbb", "c"], ["aa", "", "cc"], ["", "b", ""]]);
        assert_eq!(table.render(None, &plain), "A   B    C\na   bbb  c\naa       cc\n    b");
    }

    #[test]
    fn what_does_not_fit_is_cut_in_the_order_of_yielding() {
        let table = table(&[["aaaaaa", "bbbbbbbb", "cccccccccc"]]);
        let line = |width| table.render(Some(width), &plain).lines().last().unwrap().to_owned();
        assert_eq!(line(80), "aaaaaa  bbbbbbbb  cccccccccc");
        assert_eq!(line(28), "aaaaaa  bbbbbbbb  cccccccccc");
        assert_eq!(line(26), "aaaaaa  bbbbb…  cccccccccc");
        assert_eq!(line(22), "aaaaaa  bbb…  …ccccccc");
        assert_eq!(line(1), "aaaaaa  bbb…  …ccccc", "it may become no narrower");
    }

    #[test]
    fn a_column_without_any_text_is_left_out() {
        assert_eq!(table(&[["a", "", "c"], ["aa", "", ""]]).render(None, &plain), "A   C\na   c\naa");
        assert_eq!(table(&[["aaaaaa", "", "cccccccccc"]]).render(Some(17), &plain), "A       C\naaaaaa  …cccccccc");
    }

    #[test]
    fn notes_are_folded_and_not_cut() {
        let mut table = table(&[["a", "b", "c"], ["aa", "b", "c"]]);
        table.rows[0].notes = vec!["one two three".into(), "four".into()];
        assert_eq!(table.render(None, &plain), "A   B  C\na   b  c\n    one two three\n    four\naa  b  c");
        assert_eq!(table.render(Some(11), &plain), "A   B  C\na   b  c\n    one two\n      three\n    four\naa  b  c");
    }

    #[test]
    fn paint_takes_no_room() {
        let painted = |text: &str, tone: Tone| if tone == Tone::Head { format!("<{text}>") } else { text.to_owned() };
        assert_eq!(table(&[["a", "b", "c"]]).render(None, &painted), "<A>  <B>  <C>\na  b  c");
    }
}
