//! The form of a signed request,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use hyper::HeaderMap;

use super::super::Refusal;
use super::refusal;

/// Whether the header `Authorization` is one of a client of Secrets Manager in this region, and signs what it has to.
pub(super) fn check(headers: &HeaderMap, region: &str) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = header("authorization") else {
        return Err(refusal("MissingAuthenticationTokenException", "a request without Authorization".to_owned()));
    };
    let check = || -> Result<(), String> {
        let signed = Signed::parse(authorization).ok_or("not of the form of AWS4-HMAC-SHA256")?;
        let [key, date, scope_region, service, end] = signed.scope[..] else {
            return Err("the credential is not KEY/DATE/REGION/SERVICE/aws4_request".to_owned());
        };
        if key.is_empty() || service != "secretsmanager" || end != "aws4_request" {
            return Err("the credential is not for secretsmanager".to_owned());
        }
        if scope_region != region {
            return Err(format!("region {scope_region} where it is {region}"));
        }
        let time = header("x-amz-date").ok_or("no X-Amz-Date beside it")?;
        if !is_time(time) || time.split('T').next() != Some(date) {
            return Err("X-Amz-Date is not a time of the credential's day".to_owned());
        }
        if signed.signature.len() != 64 || !signed.signature.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("the signature is not 64 hexadecimal digits in lower case".to_owned());
        }
        check_names(&signed.names, headers)
    };
    check().map_err(|what| refusal("IncompleteSignatureException", format!("Authorization: {what}")))
}

/// `Host` and every `X-Amz-` header have to be signed, and what is signed has to be there.
fn check_names(names: &[&str], headers: &HeaderMap) -> Result<(), String> {
    if !names.is_sorted() || names.iter().any(|name| name.bytes().any(|b| b.is_ascii_uppercase())) {
        return Err("SignedHeaders are not sorted and in lower case".to_owned());
    }
    if let Some(absent) = names.iter().find(|name| !headers.contains_key(**name)) {
        return Err(format!("{absent} is signed and not sent"));
    }
    let mut must =
        headers.keys().map(|name| name.as_str()).filter(|name| *name == "host" || name.starts_with("x-amz-"));
    match must.find(|name| !names.contains(name)) {
        Some(unsigned) => Err(format!("{unsigned} is sent and not signed")),
        None => Ok(()),
    }
}

/// The three parts of the header.
struct Signed<'h> {
    scope: Vec<&'h str>,
    names: Vec<&'h str>,
    signature: &'h str,
}

impl<'h> Signed<'h> {
    fn parse(authorization: &'h str) -> Option<Self> {
        let mut parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',').map(str::trim);
        let mut part = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        let signed = Self {
            scope: part("Credential")?.split('/').collect(),
            names: part("SignedHeaders")?.split(';').collect(),
            signature: part("Signature")?,
        };
        parts.next().is_none().then_some(signed)
    }
}

/// `20260101T000000Z`
fn is_time(text: &str) -> bool {
    let fits = |(at, b): (usize, u8)| match at {
        8 => b == b'T',
        15 => b == b'Z',
        _ => b.is_ascii_digit(),
    };
    text.len() == 16 && text.bytes().enumerate().all(fits)
}
