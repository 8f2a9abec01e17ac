//! Comma-separated entries, read so that a mistake in one does not hide the mistakes in the next.

use syn::Token;
use syn::parse::ParseStream;

use crate::ctxt::Ctxt;

/// Reads the entries up to the end of the input. After an error, goes on behind the next comma.
pub(crate) fn each(ctxt: &Ctxt, input: ParseStream<'_>, mut read: impl FnMut(ParseStream<'_>) -> syn::Result<()>) {
    while !input.is_empty() {
        if let Err(error) = read(input).and_then(|()| end(input)) {
            ctxt.push(error);
            skip(input);
        }
        // Cannot fail: here is a comma, or the end.
        let _ = input.parse::<Option<Token![,]>>();
    }
}

/// Whether the input is at the end of an entry.
pub(crate) fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

fn end(input: ParseStream<'_>) -> syn::Result<()> {
    if at_end(input) { Ok(()) } else { Err(input.error("expected `,`")) }
}

fn skip(input: ParseStream<'_>) {
    while !at_end(input) && input.parse::<proc_macro2::TokenTree>().is_ok() {}
}
