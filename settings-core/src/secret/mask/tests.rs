use super::super::{Shown, format};
use super::*;

/// What `Debug` shows of a text, without its quotes.
fn shown(text: &str) -> String {
    format!("{:?}", Shown(text))
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "",
        "80a0",
        "dev",
        "a b c",
        "http://localhost:3000/docs",
        "/run/secrets/key",
        "ops@example.com",
        "tcp://10.0.0.1:80",
        "page=2&sort=asc",
        "=",
        "naïve",
        "task-force",
        "SK",
        "SKIP",
        "ASIA",
        "ASIA-PACIFIC",
        "s.example.com",
        "begins with sk-",
        "sk-",
        "sk-learn",
        "sk-learn>=1.5",
        "sk-SK",
        "hf_transfer",
        "HF_TOKEN",
        "NPM_TOKEN",
        "eyJ0",
        "npm:@scope/pkg",
        "monkey=1",
        "turkey: 2",
        "compass=n",
        "max_tokens=4096",
        "http://h:80/a@b:c",
        "http:\\/\\/h:80\\/a@b:c",
        "https://esm.example.com/react@18",
        "mailto:ops@example.com",
        "app:1.2@sha256:abc",
        "git@example.com:org/repo",
        "Token::new(1)",
        "basic auth",
        "https://discord.com/api/v10",
        "https://api.telegram.org/",
        "auth=true&x=1",
        "token: None, page: 2",
        "{\"password\":null,\"page\":2}",
        "token: Some([REDACTED]), page: 2",
        "token: SecretBox<str>([REDACTED]), page: 2",
    ] {
        assert_eq!(mask(text), text);
    }
}

#[test]
fn passwords_of_urls() {
    for (text, masked) in [
        ("postgres://u:p@ss/w@host/db", "postgres://u:****@host/db"),
        ("postgres://u:p:p://p//p@host/db", "postgres://u:****@host/db"),
        ("postgres://u:p w@host/db", "postgres://u:****@host/db"),
        ("redis://:pw@host:6379/0", "redis://:****@host:6379/0"),
        ("https://pat@host/repo.git", "https://****@host/repo.git"),
        ("postgres://a:pw@h1,postgres://b:pw@h2", "postgres://a:****@h2"),
        ("http://h:80/ postgres://a:pw@h1 amqp://b:pw@h2/v", "http://h:80/ postgres://a:****@h1 amqp://b:****@h2/v"),
        ("amqp://u:@host", "amqp://u:****@host"),
    ] {
        assert_eq!(mask(text), masked);
    }
}

#[test]
fn parameters_that_are_secrets() {
    for (text, masked) in [
        ("https://h/?password=pw", "https://h/?password=****"),
        ("https://h/?a=1&api_key=pw&b=2", "https://h/?a=1&api_key=****&b=2"),
        ("https://h/?X-Amz-Signature=pw&x=1", "https://h/?X-Amz-Signature=****&x=1"),
        ("https://h/?sig=p;w", "https://h/?sig=****"),
        ("Server=h;Password=p;w&x", "Server=h;Password=****"),
        ("host=h password=pw user=u", "host=h password=**** user=u"),
        ("Endpoint=sb://h/;SharedAccessKey=pw=", "Endpoint=sb://h/;SharedAccessKey=****"),
        ("password='p w' host=h", "password=****"),
        ("password = pw", "password = ****"),
        ("token=", "token="),
        ("token=p\"w", "token=****"),
    ] {
        assert_eq!(mask(text), masked);
    }
    assert_eq!(shown("a?token=p\"w"), "\"a?token=****\"");
    assert_eq!(shown("a?token=p\",w"), "\"a?token=****\"");
    for name in [
        "password",
        "passwd",
        "passphrase",
        "pass",
        "pwd",
        "token",
        "key",
        "secret",
        "sig",
        "signature",
        "credential",
        "credentials",
        "auth",
    ] {
        assert_eq!(mask(&format!("?x_{name}=pw&y=1")), format!("?x_{name}=****&y=1"));
    }
}

#[test]
fn passwords_of_logins_without_a_scheme() {
    for (text, masked) in [
        ("root:pw@tcp(h)/db", "root:****@tcp(h)/db"),
        ("root:p@:/w://@tcp(h)/db?a=://", "root:****@tcp(h)/db?a=://"),
        ("use app-user:pw@h:80 now", "use app-user:****@h:80 now"),
        (r#"{"url":"root:pw@/db"}"#, r#"{"url":"root:****@/db"}"#),
        (r#"{"url":"http://h:80/","db":"root:pw@/db"}"#, r#"{"url":"http://h:80/","db":"root:****@/db"}"#),
        ("jdbc:oracle:thin:u/pw@h:1:x", "jdbc:****@h:1:x"),
        ("postgres://u:80/pw@h", "postgres://u:****@h"),
        (r"postgres:\/\/u:pw@h", r"postgres:\/\/u:****@h"),
        (
            r#"{"url":"http:\/\/h:80\/a@b","db":"amqp:\/\/u:p@w@h"}"#,
            r#"{"url":"http:\/\/h:80\/a@b","db":"amqp:\/\/u:****@h"}"#,
        ),
        ("http://h:80/?next=https://u:pw@h2/", "http://h:80/?next=https://u:****@h2/"),
    ] {
        assert_eq!(mask(text), masked);
    }
}

#[test]
fn values_after_the_names_of_secrets() {
    for (text, masked) in [
        (r#"{"password":"pw","page":2}"#, r#"{"password":****,"page":2}"#),
        (r#"{"password": "p\"w\\", "page": 2}"#, r#"{"password": ****: 2}"#),
        (r#"{"apiKey":"pw"}"#, r#"{"apiKey":****}"#),
        ("{'password': 'pw'}", "{'password': ****"),
        (r#"Inner { password: "pw", page: 2 }"#, "Inner { password: ****, page: 2 }"),
        (r#"Inner { keys: ["p", "w"] }"#, "Inner { keys: ****"),
        ("Authorization: Bearer pw w", "Authorization: ****"),
        ("bearer pw now", "bearer **** now"),
        ("Basic cHc= now", "Basic **** now"),
        ("Password: p w", "Password: ****"),
        ("apikey:pw", "apikey:****"),
        ("psql --password pw --port 1", "psql --password **** --port 1"),
        ("--token=pw --port 1", "--token=**** --port 1"),
        ("--password 'p w' --port 1", "--password ****"),
        (r#"["--password", "p w", "--port"]"#, r#"["--password", ****, "--port"]"#),
        (r#"[("X-Api-Key", "p w"), ("a", "b")]"#, r#"[("X-Api-Key", ****), ("a", "b")]"#),
        ("?x[password]=pw", "?x[password]=****"),
        ("?x%5Bpassword%5D=pw", "?x%5Bpassword%5D=****"),
        ("to=%2F%3Fa%3D1%26key%3Dpw", "to=%2F%3Fa%3D1%26key%3D****"),
        (r#""password" => "pw""#, r#""password" => ****"#),
        ("password := pw", "password := ****"),
        ("password == pw", "password == ****"),
        ("PGPASSWORD=pw psql", "PGPASSWORD=**** psql"),
        ("DATABASE_URL=postgres://u:p w@h", "DATABASE_URL=****@h"),
        ("postgres://h/db?password=p@w", "postgres://****"),
        ("bearer --password pw", "bearer **** ****"),
        ("password: true love", "password: ****"),
        ("<password>pw</password>", "<password>****"),
    ] {
        assert_eq!(mask(text), masked);
    }
    assert_eq!(shown(r#"{"key":"pw","page":2}"#), r#""{\"key\":****,\"page\":2}""#);
    assert_eq!(shown("run --password pw"), r#""run --password ****""#);
}

#[test]
fn what_closes_stays() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"; // pragma: allowlist secret
    #[derive(Debug)]
    #[allow(dead_code, reason = "shown by Debug alone")]
    struct Keys<'a> {
        private_pem: &'a str,
        jwt: &'a str,
    }
    let keys = Keys { private_pem: pem, jwt: "eyJhbGciOiJIUzI1NiJ9.e30.c2ln" };
    assert_eq!(format!("{:?}", Shown(&keys)), r#"Keys { private_pem: "[REDACTED]\n", jwt: "[REDACTED]" }"#);
    let cut = "-----BEGIN PRIVATE KEY-----\nMIIE"; // pragma: allowlist secret
    assert_eq!(shown(cut), r#""[REDACTED]""#, "its end is not there");
    for (text, masked) in [
        (r#"[("a", "sk-test-key")]"#, r#"[("a", "[REDACTED]")]"#),
        ("{b=x,password=pw}", "{b=x,password=****}"),
        ("{b=x,password=p}w}", "{b=x,password=****}"),
        ("{a={password=pw}}", "{a={password=****}}"),
        ("password=pw}", "password=****"),
        ("{b=x} password=pw}", "{b=x} password=****"),
        ("[password=pw]", "[password=****]"),
    ] {
        assert_eq!(mask(text), masked);
    }
}

#[test]
fn urls_that_are_secrets() {
    for (text, masked) in [
        ("https://hooks.slack.com/services/T0/B0/pw", "https://hooks.slack.com/****"),
        (r"https:\/\/hooks.slack.com\/services\/T0\/pw", r"https:\/\/hooks.slack.com\/****"),
        ("https://discord.com/api/webhooks/1/pw then", "https://discord.com/api/webhooks/**** then"),
        (
            "https://discord.com/ https://discord.com/api/v10/webhooks/1/pw",
            "https://discord.com/ https://discord.com/api/v10/webhooks/****",
        ),
        (r"https:\/\/discord.com\/api\/webhooks\/1\/pw", r"https:\/\/discord.com\/api\/webhooks\/****"),
        ("https://api.telegram.org/bot1:pw/send", "https://api.telegram.org/bot****"),
    ] {
        assert_eq!(mask(text), masked);
    }
}

#[test]
fn whatever_holds_the_secret() {
    use std::collections::BTreeMap;

    for text in [
        "postgres://u:CANARY@h",
        "root:CANARY@tcp(h)/db",
        "password=CANARY",
        "--password CANARY",
        "Bearer CANARY",
        "Basic CANARY",
        "Password: CANARY",
        "apikey:CANARY",
        r#"{"password":"CANARY"}"#,
        r#"{"a":{"apiKey": "CANARY"}}"#,
        r#"Inner { password: "CANARY" }"#,
        r#"Inner { password: Some("CANARY") }"#,
        "?x[password]=CANARY",
        "https://hooks.slack.com/services/CANARY",
        "https://api.telegram.org/botCANARY/",
        "SK-PROJ-CANARY",
        "sk-CANARY-1",
        "eyJtestCANARY",
    ] {
        let json = text.replace('\\', r"\\").replace('"', "\\\"").replace('/', r"\/");
        let map = BTreeMap::from([("a", "http://h:80/"), ("b", text), ("c", "ops@example.com")]);
        for output in [
            mask(text),
            mask(&format!("a {text}\nb")),
            mask(&format!(r#"{{"a":"{json}"}}"#)),
            shown(text),
            shown(&format!(r#"{{"a":"{json}"}}"#)),
            format!("{:?}", Shown(&map)),
            format!("{:?}", Shown(&Some([text, "b"]))),
        ] {
            assert!(!output.contains("CANARY"), "{text}: {output}");
        }
    }
    for name in ["password", "api_key"] {
        assert!(!format!("{:?}", Shown(&BTreeMap::from([(name, "CANARY")]))).contains("CANARY"));
        assert!(!format!("{:?}", Shown(&[(name, "CANARY")])).contains("CANARY"));
    }
}

/// Texts out of what the rules look for, by a generator of pseudorandom numbers.
#[test]
fn any_text_can_be_masked() {
    const PIECES: &[&str] = &[
        "é",
        "日",
        "\u{202e}",
        "\n",
        " ",
        "\\",
        "\"",
        "'",
        "/",
        "//",
        ":",
        "@",
        "=",
        "%",
        "%3D",
        "%5D",
        "?",
        "&",
        "(",
        "[",
        ",",
        "-",
        "--",
        "_",
        ".",
        "80",
        "http:",
        "token",
        "password",
        "Bearer",
        "basic",
        "sk-",
        "SK",
        "-----BEGIN",
        "discord.com",
        "webhooks",
        "None",
        "[REDACTED]",
        "mailto",
        "a",
    ];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..1_000 {
        let text: String = (0..random(20)).map(|_| PIECES[random(PIECES.len())]).collect();
        for cut in [false, true] {
            assert!(masked(&text, cut).chars().count() <= SHOWN + 1, "{text:?}");
        }
    }
}

#[test]
fn every_known_key() {
    for (_, prefix) in format::prefixes() {
        let key = format!("{prefix}test1234CANARY");
        for (before, after) in
            [("", ""), ("Bearer ", ""), ("a,", " b"), ("a=", ""), ("\n", "\n"), ("%3D", ""), ("é", "")]
        {
            let text = format!("{before}{key}{after}");
            assert!(mask(&text).contains(KEY), "{text:?}: {}", mask(&text));
            assert!(!mask(&text).contains("CANARY"), "{text:?}: {}", mask(&text));
            assert!(!shown(&text).contains("CANARY"), "{text:?}: {}", shown(&text));
        }
    }
    assert_eq!(mask("first sk-test-key then"), "first [REDACTED] then");
    assert_eq!(format!("{:?}", Shown(&["sk-test-key", "b"])), r#"["[REDACTED]", "b"]"#);
}

#[test]
fn the_rest_of_a_pem_file() {
    assert_eq!(mask("key: -----BEGIN TEST KEY-----\nAAAA\n-----END TEST KEY-----\n"), "key: [REDACTED]");
}

#[test]
fn a_password_of_any_characters() {
    for odd in "@/:?#&=;,'\"\\ \n\t\u{1b}%[](){}<>é…".chars() {
        let url = format!("postgres://user:one{odd}two{odd}{odd}three@host/db");
        for output in [mask(&url), shown(&url)] {
            assert!(output.contains("postgres://user:****@host/db"), "{odd:?}: {output}");
        }
    }
}

#[test]
fn control_characters_are_escaped() {
    assert_eq!(mask("a\r\n\u{1b}[31mb\u{9b}c\u{7f}"), r"a\r\n\u{1b}[31mb\u{9b}c\u{7f}");
    assert_eq!(mask("a\u{202e}b\u{2028}c"), r"a\u{202e}b\u{2028}c");
    assert!(matches!(escape("naïve … 日本"), Cow::Borrowed(_)));
}

#[test]
fn no_more_than_64_characters() {
    assert_eq!(mask(&"é".repeat(64)), "é".repeat(64));
    assert_eq!(mask(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
    assert_eq!(shown(&"a".repeat(100)), format!("\"{}…", "a".repeat(63)));
}

#[test]
fn masking_comes_before_shortening() {
    let long = "p".repeat(100);
    assert_eq!(mask(&format!("postgres://u:{long}@host/db")), "postgres://u:****@host/db");
    let longer_than_read = "p".repeat(2 * READ);
    for text in [
        format!("postgres://u:{longer_than_read}@host"),
        format!("postgres://u:@{longer_than_read}@host"),
        format!("https://{longer_than_read}@host"),
        format!("u:{longer_than_read}@tcp(host)"),
        format!("u:@{longer_than_read}@tcp(host)"),
        format!("?token={longer_than_read}"),
        format!("sk-{longer_than_read}"),
    ] {
        for output in [mask(&text), shown(&text)] {
            assert!(!output.contains("pp") && output.ends_with('…'), "{output}");
        }
    }
}
