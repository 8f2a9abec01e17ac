//! The fields of a struct and of those nested in it, one after the other, each with its variable name and path.

use std::cell::OnceCell;

use crate::layer::config_files::Key;
use crate::schema::{Field, Kind, Nested, Schema, Secret, Source};
use crate::value::Tree;

/// One stop of a [`walk`].
pub(crate) enum Step<'w> {
    /// A nested struct begins. It has a slot of its own, before those of its fields.
    Enter(&'w Leaf<'w>),
    /// A plain field or a secret.
    Field(&'w Leaf<'w>),
    /// The nested struct ends, whose own slot is at `head`.
    Leave { head: usize },
}

/// A field at its place below the struct that is loaded.
pub(crate) struct Leaf<'w> {
    /// Its place in the order of slots.
    pub(crate) at: usize,
    pub(crate) field: &'static Field,
    /// The whole variable name.
    pub(crate) variable: &'w str,
    /// The struct that is loaded.
    pub(crate) root: &'static Schema,
    /// The nested structs on the way to the field, the outermost first.
    pub(crate) scopes: &'w [Scope],
    /// What generated names begin with here; each scope holds a part of it.
    prefix: &'w str,
}

/// A nested struct on the way to a field.
pub(crate) struct Scope {
    pub(crate) schema: &'static Schema,
    /// The field that it is nested in.
    pub(crate) field: &'static Field,
    /// The place of its own slot.
    pub(crate) at: usize,
    json_len: usize,
    /// Its JSON variable in the environment and in the .env files, read when a field lacks a value.
    pub(crate) json: [OnceCell<JsonVariable>; 2],
}

/// The JSON variable of a nested struct, in one layer.
pub(crate) enum JsonVariable {
    Unset,
    Object(Tree),
    /// It is no JSON object of the struct's keys, which was recorded.
    Broken,
}

impl<'w> Leaf<'w> {
    /// The names to ask for, the first that has a value wins.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.variable).chain(self.field.aliases.iter().map(|alias| alias.name))
    }

    /// Every variable that it is read from, those that a secret's `source` names among them.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        let sources = self.field.secret().into_iter().flat_map(|_| self.sources());
        self.names()
            .chain(sources.filter(|source| matches!(source.kind, "env" | "dotenv")).filter_map(|source| source.name))
    }

    /// Whether this is the field's path or one of its variables.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name) || self.path() == name
    }

    /// Whether the load fails without it: it is required, and no struct around it is an `Option`.
    pub(crate) fn is_required(&self) -> bool {
        let optional = self.scopes.iter().any(|scope| scope.field.optional);
        self.field.required() && !optional
    }

    /// `db.password`.
    pub(crate) fn path(&self) -> String {
        let outer = self.scopes.iter().map(|scope| scope.field.name);
        outer.chain([self.field.name]).collect::<Vec<_>>().join(".")
    }

    /// The path of a struct around it.
    pub(crate) fn path_of(&self, scope: &Scope) -> String {
        let within = self.scopes.iter().take_while(|outer| !std::ptr::eq(*outer, scope));
        within.chain([scope]).map(|scope| scope.field.name).collect::<Vec<_>>().join(".")
    }

    /// The variable that may hold the whole of a nested struct as JSON, if the struct has a name of its own.
    pub(crate) fn json_variable(&self, scope: &Scope) -> Option<&'w str> {
        self.prefix.get(..scope.json_len).filter(|name| !name.is_empty())
    }

    /// The keys that lead from the scope to this field in JSON.
    pub(crate) fn keys_below<'s>(&'s self, scope: &'s Scope) -> impl Iterator<Item = &'static str> + 's {
        let below = self.scopes.iter().skip_while(move |other| !std::ptr::eq(*other, scope)).skip(1);
        below.map(|scope| scope.field.key()).chain([self.field.key()])
    }

    /// The keys that lead to this field in a config file.
    pub(crate) fn keys(&self) -> Vec<Key<'static>> {
        let outer = self.scopes.iter().map(|scope| scope.field.key());
        outer.chain([self.field.key()]).map(Key::Name).collect()
    }

    /// The same as one text, `db.password`.
    pub(crate) fn keys_in_file(&self) -> String {
        let outer = self.scopes.iter().map(|scope| scope.field.key());
        outer.chain([self.field.key()]).collect::<Vec<_>>().join(".")
    }

    /// Where a secret comes from: its own `source`, else that of the nearest struct that has one.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &'static Source> {
        const COMMON: &[Source] = &[Source::ENV, Source::DOCKER];
        let own = self.field.secret().and_then(|secret| secret.source);
        let written = own.or_else(|| self.outer_source().map(|(source, _)| source)).unwrap_or(COMMON);
        let exact = written.iter().any(|source| source.kind == "env");
        let before = if exact { &[] } else { COMMON };
        let new = move |source: &&Source| exact || !matches!(source.kind, "docker" | "k8s");
        before.iter().chain(written.iter().filter(new))
    }

    /// The `source` of the nearest struct that has one, and whether it names the one secret of all that struct's fields.
    fn outer_source(&self) -> Option<(&'static [Source], bool)> {
        let nearest = self.scopes.iter().rev().find_map(|scope| match scope.field.kind {
            Kind::Nested(Nested { source: Some(source), .. }) => Some((source, true)),
            _ => scope.schema.source.map(|source| (source, false)),
        });
        nearest.or_else(|| self.root.source.map(|source| (source, false)))
    }

    /// The `source` that names one secret for all fields of the nested struct which this field belongs to.
    pub(crate) fn common_secret(&self) -> Option<&'static [Source]> {
        if self.field.secret().is_some_and(|secret| secret.source.is_some()) {
            return None;
        }
        self.outer_source().filter(|(_, common)| *common).map(|(source, _)| source)
    }

    /// A field of the struct that is loaded, unless it is nested.
    pub(crate) fn of_root(root: &'static Schema, field: &'static Field, at: usize) -> Self {
        Self { at, field, variable: field.variable, root, scopes: &[], prefix: "" }
    }

    /// Whether its own variable is the first thing to be asked for.
    #[inline]
    pub(crate) fn begins_with_env(&self) -> bool {
        match self.field.kind {
            Kind::Secret(_) => matches!(self.sources().next(), Some(Source { kind: "env", name: None, .. })),
            // The text that its variable holds is only the beginning.
            Kind::Collection(_) => false,
            _ => true,
        }
    }

    /// Whether its own variable, and the same in the .env files, is all there is to ask for.
    pub(crate) fn has_one_name(&self) -> bool {
        self.field.secret().is_none() && self.field.aliases.is_empty() && self.scopes.is_empty()
    }
}

/// Visits every field that is loaded, in the order in which the derive builds them.
pub(crate) fn walk(schema: &'static Schema, visit: &mut dyn FnMut(Step<'_>)) {
    Walker { root: schema, name: String::new(), scopes: Vec::new(), at: 0, visit }.fields_of(schema);
}

/// Visits one nested struct of the struct that is loaded, whose own slot is at `at`.
pub(crate) fn walk_nested(root: &'static Schema, field: &'static Field, at: usize, visit: &mut dyn FnMut(Step<'_>)) {
    if let Kind::Nested(nested) = &field.kind {
        Walker { root, name: String::new(), scopes: Vec::new(), at, visit }.nested(root, field, nested);
    }
}

/// A secret that no field declares, under the name that is asked for.
pub(crate) fn undeclared<R>(schema: &'static Schema, name: &str, then: impl FnOnce(&Leaf<'_>) -> R) -> R {
    const SECRET: &Field = &Field { kind: Kind::Secret(Secret::EMPTY), absolute: true, optional: true, ..Field::EMPTY };
    then(&Leaf { at: 0, field: SECRET, variable: name, root: schema, scopes: &[], prefix: "" })
}

struct Walker<'v> {
    root: &'static Schema,
    /// One buffer for all names of nested fields: the prefix of the innermost scope, and behind it the name in hand.
    name: String,
    scopes: Vec<Scope>,
    at: usize,
    visit: &'v mut dyn FnMut(Step<'_>),
}

impl Walker<'_> {
    fn fields_of(&mut self, schema: &'static Schema) {
        for field in schema.fields {
            match &field.kind {
                Kind::Skipped => continue,
                Kind::Nested(nested) => self.nested(schema, field, nested),
                Kind::Plain | Kind::Secret(_) | Kind::Collection(_) => self.field(schema, field),
            }
        }
    }

    fn nested(&mut self, owner: &'static Schema, field: &'static Field, nested: &Nested) {
        let outer_len = self.name.len();
        if self.scopes.is_empty() {
            self.name.push_str(self.root.env_prefix);
        }
        let outer_prefix_len = self.name.len();
        match nested.prefix {
            Some(prefix) => self.name.push_str(prefix),
            None => {
                self.name.push_str(field.stem(owner));
                self.name.push_str(self.root.nested_delimiter);
            }
        }
        let json_len = if self.name.len() == outer_prefix_len { 0 } else { self.json_variable().len() };
        (self.visit)(Step::Enter(&Leaf {
            at: self.at,
            field,
            variable: &self.name[..json_len],
            root: self.root,
            scopes: &self.scopes,
            prefix: &self.name[..outer_len],
        }));
        self.scopes.push(Scope {
            schema: nested.schema,
            field,
            at: self.at,
            json_len,
            json: [const { OnceCell::new() }; 2],
        });
        self.at += 1;
        self.fields_of(nested.schema);
        let head = self.scopes.pop().map_or(self.at, |scope| scope.at);
        self.name.truncate(outer_len);
        (self.visit)(Step::Leave { head });
    }

    /// The variable of the struct whose prefix is in hand.
    fn json_variable(&self) -> &str {
        let name = self.name.strip_suffix(self.root.nested_delimiter).unwrap_or(&self.name);
        name.trim_end_matches('_')
    }

    fn field(&mut self, owner: &'static Schema, field: &'static Field) {
        let prefix_len = self.name.len();
        let whole = field.absolute || self.scopes.is_empty();
        if !whole {
            self.name.push_str(field.stem(owner));
        }
        (self.visit)(Step::Field(&Leaf {
            at: self.at,
            field,
            variable: if whole { field.variable } else { &self.name },
            root: self.root,
            scopes: &self.scopes,
            prefix: &self.name[..prefix_len],
        }));
        self.name.truncate(prefix_len);
        self.at += 1;
    }
}
