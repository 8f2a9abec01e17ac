//! What a field's type tells as it is written. A macro sees no more of a type than its name.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The type without parentheses and the invisible groups of `macro_rules`.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// The one type argument of a type of the given names: `T` of `Vec<T>`.
fn argument_of<'a>(ty: &'a Type, names: &[&str]) -> Option<&'a Type> {
    let segment = last_segment(ty)?;
    if !names.iter().any(|name| segment.ident == name) {
        return None;
    }
    match type_arguments(segment).as_slice() {
        [argument] => Some(argument),
        _ => None,
    }
}

/// The type inside an `Option`.
pub(crate) fn in_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = bare(ty) else { return None };
    let modules: Vec<_> = path.path.segments.iter().rev().skip(1).map(|segment| segment.ident.to_string()).collect();
    let modules: Vec<_> = modules.iter().map(String::as_str).collect();
    match modules.as_slice() {
        [] | ["option"] | ["option", "std" | "core"] => argument_of(ty, &["Option"]),
        _ => None,
    }
}

/// Whether it is one of the secret types.
pub(crate) fn is_secret(ty: &Type) -> bool {
    last_segment(ty)
        .is_some_and(|segment| ["SecretString", "SecretSlice", "SecretBox"].iter().any(|name| segment.ident == name))
}

/// Whether it holds secrets otherwise than as one value: `Vec<SecretString>`, also in `Option`.
pub(crate) fn contains_secrets(ty: &Type) -> bool {
    let secret_or_more = |ty: &Type| is_secret(in_option(ty).unwrap_or(ty)) || contains_secrets(ty);
    match bare(ty) {
        Type::Array(array) => secret_or_more(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().any(secret_or_more),
        ty => match in_option(ty) {
            // One that is optional is a value, and twice optional is none.
            Some(inner) => contains_secrets(inner) || in_option(inner).is_some_and(is_secret),
            None if is_named(ty, COLLECTIONS) || is_named(ty, &["Box", "Arc", "Rc"]) => {
                last_segment(ty).is_some_and(|segment| type_arguments(segment).into_iter().any(secret_or_more))
            }
            None => false,
        },
    }
}

/// Whether it is the secret type that holds text.
pub(crate) fn is_secret_text(ty: &Type) -> bool {
    is_named(ty, &["SecretString"])
}

/// Whether it holds text that a plain field would show: `String` and its like, also in `Option` and `Vec`.
pub(crate) fn is_text(ty: &Type) -> bool {
    if let Some(inner) = in_option(ty).or_else(|| argument_of(ty, &["Vec"])) {
        return is_text(inner);
    }
    is_one_text(ty)
}

fn is_one_text(ty: &Type) -> bool {
    if is_named(ty, &["String"]) {
        return true;
    }
    argument_of(ty, &["Box", "Arc", "Rc", "Cow"]).is_some_and(|inner| is_named(inner, &["str", "String"]))
}

fn is_named(ty: &Type, names: &[&str]) -> bool {
    last_segment(ty).is_some_and(|segment| names.iter().any(|name| segment.ident == name))
}

const NUMBERS: &[&str] =
    &["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64"];
const COLLECTIONS: &[&str] = &["Vec", "VecDeque", "HashMap", "BTreeMap", "IndexMap", "HashSet", "BTreeSet", "IndexSet"];

/// Whether it is a list, a set or a map.
pub(crate) fn is_collection(ty: &Type) -> bool {
    matches!(bare(ty), Type::Array(_) | Type::Slice(_)) || is_named(ty, COLLECTIONS)
}

/// Whether it has certainly no fields to load: text, a number, a list, a map.
pub(crate) fn is_plain(ty: &Type) -> bool {
    match bare(ty) {
        Type::Reference(_) | Type::Tuple(_) => true,
        ty => {
            is_one_text(ty)
                || is_collection(ty)
                || is_named(ty, NUMBERS)
                || is_named(ty, &["bool", "char", "PathBuf", "Duration"])
        }
    }
}

/// Whether it is a map.
pub(crate) fn is_map(ty: &Type) -> bool {
    is_named(ty, &["HashMap", "BTreeMap", "IndexMap"])
}

/// Whether it borrows its value.
pub(crate) fn is_reference(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(_))
}

/// What a list or map of structs holds: `T` of `Vec<T>` and of `HashMap<String, T>`.
pub(crate) fn elements(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty)?;
    let types = type_arguments(segment);
    match (segment.ident.to_string().as_str(), types.as_slice()) {
        ("Vec", [element]) | ("BTreeMap", [_, element]) | ("HashMap", [_, element] | [_, element, _]) => Some(element),
        _ => None,
    }
}

/// The secret type for what a plain type holds.
pub(crate) fn secret_type_for(ty: &Type) -> &'static str {
    let is_byte = |ty: &Type| is_named(ty, &["u8"]);
    let boxed = argument_of(ty, &["Box", "Arc", "Rc"]).unwrap_or(ty);
    match bare(boxed) {
        Type::Array(array) if is_byte(&array.elem) => "SecretBox<[u8; N]>",
        Type::Slice(slice) if is_byte(&slice.elem) => "SecretSlice<u8>",
        _ if argument_of(ty, &["Vec"]).is_some_and(is_byte) => "SecretSlice<u8>",
        _ => "SecretString",
    }
}

/// Where a type names the struct it is a field of.
pub(crate) fn recursion(ty: &Type, own: &Ident) -> Option<Ident> {
    let segment = match bare(ty) {
        Type::Path(path) if path.path.segments.len() == 1 => path.path.segments.first()?,
        Type::Path(_) => last_segment(ty)?,
        _ => return None,
    };
    let alone = matches!(bare(ty), Type::Path(path) if path.path.segments.len() == 1);
    if alone && (segment.ident == "Self" || segment.ident == *own) {
        return Some(segment.ident.clone());
    }
    type_arguments(segment).into_iter().find_map(|argument| recursion(argument, own))
}

/// Whether the type mentions one of the parameters.
pub(crate) fn mentions(ty: &Type, params: &[&Ident]) -> bool {
    fn search(tokens: TokenStream, params: &[&Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => params.iter().any(|param| **param == ident),
            TokenTree::Group(group) => search(group.stream(), params),
            _ => false,
        })
    }
    search(ty.to_token_stream(), params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Type {
        syn::parse_str(text).unwrap()
    }

    #[test]
    fn knows_option_by_its_paths() {
        for yes in ["Option<u8>", "std::option::Option<u8>", "::core::option::Option<u8>", "(Option<u8>)"] {
            assert!(in_option(&ty(yes)).is_some(), "{yes}");
        }
        for no in ["mine::Option<u8>", "Option", "Option<A, B>", "Vec<u8>"] {
            assert!(in_option(&ty(no)).is_none(), "{no}");
        }
    }

    #[test]
    fn knows_text() {
        for yes in ["String", "std::string::String", "Box<str>", "Arc<str>", "Cow<'static, str>", "Option<String>"] {
            assert!(is_text(&ty(yes)), "{yes}");
        }
        assert!(is_text(&ty("Vec<String>")) && is_text(&ty("Option<Vec<Box<str>>>")));
        for no in ["u32", "Vec<u8>", "Box<[u8]>", "HashMap<String, String>", "SecretString", "Url"] {
            assert!(!is_text(&ty(no)), "{no}");
        }
    }

    #[test]
    fn knows_what_a_collection_holds() {
        for yes in ["Vec<A>", "std::vec::Vec<A>", "HashMap<String, A>", "BTreeMap<String, A>", "HashMap<String, A, S>"]
        {
            assert!(elements(&ty(yes)).is_some_and(|ty| is_named(ty, &["A"])), "{yes}");
        }
        for no in ["Option<A>", "HashSet<A>", "[A; 2]", "BTreeMap<A>", "A"] {
            assert!(elements(&ty(no)).is_none(), "{no}");
        }
    }

    #[test]
    fn knows_secret_types() {
        for yes in ["SecretString", "secrecy::SecretString", "SecretSlice<u8>", "SecretBox<[u8; 32]>"] {
            assert!(is_secret(&ty(yes)), "{yes}");
        }
        assert!(!is_secret(&ty("Option<SecretString>")) && !is_secret(&ty("Secret")));
    }

    #[test]
    fn knows_where_secrets_are_several() {
        for yes in [
            "Vec<SecretString>",
            "Option<Vec<SecretString>>",
            "Vec<Option<SecretString>>",
            "HashMap<String, SecretString>",
            "[SecretString; 2]",
            "(String, secrecy::SecretString)",
            "Arc<SecretString>",
            "Option<Option<SecretString>>",
        ] {
            assert!(contains_secrets(&ty(yes)), "{yes}");
        }
        for no in ["SecretString", "Option<SecretString>", "SecretBox<[u8; 2]>", "Vec<String>", "Mine<SecretString>"] {
            assert!(!contains_secrets(&ty(no)), "{no}");
        }
    }

    #[test]
    fn advises_the_secret_type() {
        assert_eq!(secret_type_for(&ty("String")), "SecretString");
        assert_eq!(secret_type_for(&ty("u64")), "SecretString");
        assert_eq!(secret_type_for(&ty("Vec<u8>")), "SecretSlice<u8>");
        assert_eq!(secret_type_for(&ty("Box<[u8]>")), "SecretSlice<u8>");
        assert_eq!(secret_type_for(&ty("[u8; 32]")), "SecretBox<[u8; N]>");
    }

    #[test]
    fn finds_recursion() {
        let own: Ident = syn::parse_str("Chat").unwrap();
        for yes in ["Chat", "Self", "Option<Chat>", "Vec<Self>", "HashMap<String, Chat>", "std::option::Option<Chat>"] {
            assert!(recursion(&ty(yes), &own).is_some(), "{yes}");
        }
        for no in ["Chatter", "other::Chat", "Option<Database>"] {
            assert!(recursion(&ty(no), &own).is_none(), "{no}");
        }
    }
}
