//! Passwords and tokens in URLs and in what is written like them.

use std::ops::Range;

use super::word_end;

/// What the user of a login may consist of, apart from letters and digits: `app-user:..@host`.
const IN_USER: &str = "_-.%+";
/// Where the path of a URL is a secret: the host, and what the secret follows.
const WEBHOOKS: &[(&str, &str)] = &[
    ("hooks.slack.com", "/"),
    ("discord.com", "webhooks"),
    ("discordapp.com", "webhooks"),
    ("api.telegram.org", "/bot"),
    ("webhook.office.com", "/"),
    ("hooks.zapier.com", "/"),
];

/// What stands between `//` and `@`, from the first colon on. A password that is not percent-encoded may hold any
/// character, so the last `@` ends it.
pub(super) fn user_infos(text: &str, cut: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(slashes) = slashes(&text[at..]) {
        let (scheme, after) = text[at..].split_at(slashes);
        at += slashes;
        if let Some(end) = web_host(scheme, after) {
            at += end;
            continue;
        }
        let url = &after[..reach(after)];
        let unended = cut && url.len() == after.len();
        if let Some(end) = url.rfind('@').or(unended.then_some(url.len())) {
            let user = url[..end].find(':').map_or(0, |colon| colon + 1);
            found.push(at + user..at + if unended { url.len() } else { end });
        }
        at += url.len();
    }
    found
}

/// Where the first `//` ends, which JSON may have as `\/\/`.
fn slashes(text: &str) -> Option<usize> {
    text.match_indices('/').find_map(|(at, _)| {
        let next = text[at + 1..].trim_start_matches('\\').strip_prefix('/')?;
        Some(text.len() - next.len())
    })
}

/// Where `host:80` or `example.com` ends in an `http` URL whose path follows. An `@` in that path ends no password.
fn web_host(before: &str, after: &str) -> Option<usize> {
    let scheme = before.trim_end_matches(['/', '\\']);
    let is_web = ["http:", "https:", "ws:", "wss:"].iter().any(|web| scheme.ends_with(web));
    let host = after.find(|c: char| !(c.is_ascii_alphanumeric() || "-.".contains(c)))?;
    let end = match after[host..].strip_prefix(':') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (1..=5).contains(&digits).then_some(host + 1 + digits)?
        }
        None => after[..host].contains('.').then_some(host)?,
    };
    (is_web && after[end..].starts_with(['/', '\\'])).then_some(end)
}

/// How far a URL may reach: up to the word in which the next one begins.
fn reach(text: &str) -> usize {
    let next = text.find(char::is_whitespace).and_then(|blank| Some(blank + slashes(&text[blank..])?));
    next.and_then(|next| text[..next].rfind(char::is_whitespace)).unwrap_or(text.len())
}

/// The passwords of logins without a scheme: `user:password@host` and Go's `user:password@tcp(host)/db`.
pub(super) fn logins(text: &str, cut: bool) -> Vec<Range<usize>> {
    let words = text.split_inclusive(char::is_whitespace).scan(0, |end, word| {
        *end += word.len();
        Some((*end - word.len(), word))
    });
    let password = |(at, word): (usize, &str)| {
        let unended = cut && at + word.len() == text.len();
        password(word, unended).map(|found| at + found.start..at + found.end)
    };
    words.filter_map(password).collect()
}

/// Where in a word the password of a login stands.
fn password(word: &str, unended: bool) -> Option<Range<usize>> {
    let end = if unended { word.len() } else { word.rfind('@')? };
    let ends_user = |colon: usize| {
        let before = word[..colon].trim_end_matches(|c: char| c.is_alphanumeric() || IN_USER.contains(c));
        // The colons of `http://host:80` are not of a login.
        let after = word[colon + 1..].trim_start_matches('\\').strip_prefix('/');
        let is_scheme = after.is_some_and(|after| after.trim_start_matches('\\').starts_with('/'));
        let in_url = is_scheme || before.ends_with('/');
        before.len() < colon && !in_url
    };
    let (colon, _) = word[..end].match_indices(':').find(|&(at, _)| ends_user(at))?;
    // `mailto:ops@example.com`, and `image:tag@sha256:..` of a container's image.
    let is_open = word[..colon].ends_with("mailto") || word[end..].starts_with("@sha256:");
    (!is_open && colon + 1 < end).then_some(colon + 1..end)
}

/// The secret ends of the URLs of webhooks and bots.
pub(super) fn webhooks(text: &str) -> Vec<Range<usize>> {
    let hosts = WEBHOOKS.iter().flat_map(|(host, before)| text.match_indices(host).map(move |(at, _)| (at, before)));
    let secret = |(at, before): (usize, &&str)| {
        let url = &text[at..at + word_end(&text[at..])];
        let (_, after) = url.split_once(*before)?;
        let secret = after.trim_start_matches(['/', '\\']);
        let end = at + url.len();
        (!secret.is_empty()).then_some(end - secret.len()..end)
    };
    hosts.filter_map(secret).collect()
}
