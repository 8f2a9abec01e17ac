//! Types and expressions as text, spaced as one writes them: a token stream's own `to_string` gives `Vec < u8 >`.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The text of a type.
pub(crate) fn of_type(ty: &syn::Type) -> String {
    Writer::write(ty.to_token_stream(), true)
}

/// The text of an expression.
pub(crate) fn of_expr(expr: &syn::Expr) -> String {
    Writer::write(expr.to_token_stream(), false)
}

/// The text of a range. Its lengths of time read as a variable would give them: `1s..=30m`.
pub(crate) fn of_range(range: &syn::Expr) -> String {
    let syn::Expr::Range(syn::ExprRange { start, limits, end, .. }) = range else { return of_expr(range) };
    let limits = match limits {
        syn::RangeLimits::HalfOpen(_) => "..",
        syn::RangeLimits::Closed(_) => "..=",
    };
    let bound = |bound: &Option<Box<syn::Expr>>| {
        bound.as_ref().map(|bound| length(bound).unwrap_or_else(|| of_expr(bound))).unwrap_or_default()
    };
    format!("{}{limits}{}", bound(start), bound(end))
}

/// `30m` of `Duration::from_secs(1800)`.
fn length(expr: &syn::Expr) -> Option<String> {
    let syn::Expr::Call(call) = expr else { return None };
    let syn::Expr::Path(function) = &*call.func else { return None };
    let mut names = function.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let unit = match names.next()?.as_str() {
        "from_hours" => "h",
        "from_mins" => "m",
        "from_secs" => "s",
        "from_millis" => "ms",
        _ => return None,
    };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) = call.args.first()? else { return None };
    if names.next()? != "Duration" {
        return None;
    }
    let number: u64 = number.base10_parse().ok()?;
    Some(match unit {
        "s" if number > 0 && number % 3600 == 0 => format!("{}h", number / 3600),
        "s" if number > 0 && number % 60 == 0 => format!("{}m", number / 60),
        unit => format!("{number}{unit}"),
    })
}

/// What was written last, which decides on the blank before the next token.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// Nothing, or an opening bracket: no blank, and an operator that follows is unary.
    Open,
    /// A name, a literal or a closing bracket.
    Word,
    /// An operator with a blank behind it.
    Binary,
    /// An operator that sticks to what follows.
    Prefix,
    /// `::`, behind which `<` is a bracket.
    Path,
}

struct Writer {
    text: String,
    last: Last,
    in_type: bool,
    angles: usize,
    in_closure: bool,
}

impl Writer {
    fn write(tokens: TokenStream, in_type: bool) -> String {
        let mut writer = Self { text: String::new(), last: Last::Open, in_type, angles: 0, in_closure: false };
        writer.tokens(tokens);
        writer.text
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut operator = String::new();
        for token in tokens {
            match token {
                TokenTree::Punct(punct) => {
                    operator.push(punct.as_char());
                    if punct.spacing() == Spacing::Alone || punct.as_char() == '\'' {
                        self.operator(&std::mem::take(&mut operator));
                    }
                }
                TokenTree::Ident(ident) => self.word(&ident.to_string()),
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
                TokenTree::Group(group) => self.group(group.delimiter(), group.stream()),
            }
        }
    }

    fn push(&mut self, text: &str, blank: bool, last: Last) {
        if blank && !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.last = last;
    }

    fn word(&mut self, word: &str) {
        self.push(word, matches!(self.last, Last::Word | Last::Binary), Last::Word);
    }

    fn group(&mut self, delimiter: Delimiter, content: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace if content.is_empty() => ("{", "}"),
            Delimiter::Brace => ("{ ", " }"),
            Delimiter::None => return self.tokens(content),
        };
        let blank = match self.last {
            Last::Word => delimiter == Delimiter::Brace,
            last => last == Last::Binary,
        };
        self.push(open, blank, Last::Open);
        let angles = std::mem::take(&mut self.angles);
        self.tokens(content);
        self.angles = angles;
        self.push(close, false, Last::Word);
    }

    fn operator(&mut self, operator: &str) {
        let after_word = self.last == Last::Word;
        let before_prefix = matches!(self.last, Last::Binary);
        match operator {
            "::" => self.push(operator, before_prefix, Last::Path),
            "." | ".." | "..=" => self.push(operator, before_prefix, Last::Prefix),
            "?" => self.push(operator, false, Last::Word),
            "," | ";" | ":" => self.push(operator, false, Last::Binary),
            "<" if self.in_type || self.angles > 0 || !after_word => {
                self.angles += 1;
                self.push(operator, before_prefix, Last::Open);
            }
            ">" if self.angles > 0 => {
                self.angles -= 1;
                self.push(operator, false, Last::Word);
            }
            "!" if after_word => self.push(operator, false, Last::Prefix),
            "'" => self.push(operator, after_word || before_prefix, Last::Prefix),
            "|" if self.in_closure => {
                self.in_closure = false;
                self.push(operator, false, Last::Binary);
            }
            "|" if !after_word => {
                self.in_closure = true;
                self.push(operator, before_prefix, Last::Prefix);
            }
            "||" if !after_word => self.push(operator, before_prefix, Last::Binary),
            "&" | "&&" | "*" | "-" | "!" | "#" if !after_word => self.push(operator, before_prefix, Last::Prefix),
            _ => self.push(operator, true, Last::Binary),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_as_written() {
        for text in [
            "u16",
            "Option<SecretString>",
            "HashMap<String, Vec<u8>>",
            "&'static str",
            "[u8; 32]",
            "Cow<'static, str>",
            "(u8, String)",
            "std::time::Duration",
            "<T as Trait>::Item",
            "Box<dyn Fn(u8) -> u8 + Send>",
            "()",
        ] {
            assert_eq!(of_type(&syn::parse_str(text).unwrap()), text);
        }
    }

    #[test]
    fn lengths_of_time_in_ranges_read_as_values_do() {
        for (code, text) in [
            ("Duration::from_secs(1)..=std::time::Duration::from_secs(1800)", "1s..=30m"),
            ("Duration::from_millis(500)..", "500ms.."),
            ("..Duration::from_secs(7200)", "..2h"),
            ("..=Duration::from_secs(90)", "..=90s"),
            ("Duration::from_secs(LEAST)..", "Duration::from_secs(LEAST).."),
            ("Age::from_secs(1)..", "Age::from_secs(1).."),
            ("1024..=65_535", "1024..=65_535"),
            ("LEAST..MOST", "LEAST..MOST"),
        ] {
            assert_eq!(of_range(&syn::parse_str(code).unwrap()), text);
        }
    }

    #[test]
    fn expressions_read_as_written() {
        for text in [
            "8080",
            "-1",
            "1024..=65535",
            "..-5",
            "1.5..",
            "Duration::from_secs(30)",
            "vec![1, 2, 3]",
            "Level::Info",
            "60 * 60 - 1",
            "a < b && !c",
            "Vec::<Option<u8>>::new()",
            "Point { x: 1, y: -2 }",
            "\"a\".parse().unwrap()",
            "&[1, 2]",
            "|x| x + 1",
            "|| 1",
            "f(&x, *y)?",
            "x as u8",
            "Some(1)",
            "b\"x\"",
        ] {
            assert_eq!(of_expr(&syn::parse_str(text).unwrap()), text);
        }
    }
}
