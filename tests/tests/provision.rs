//! What sets secrets up in stores. Scripts are run, with commands in the place of the stores' own that write down what they
//! are called with.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "not loaded")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use settings_core::{SecretBox, SecretString, Settings, Target};
use settings_tests::{Home, leak};

/// The chat service.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_", profile_env = "ENVIRONMENT")]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
    /// Key of the OpenAI account.
    #[secret(env = "OPENAI_API_KEY", format = openai, source = [env, docker, aws("chat/keys"), gcp("keys"), vault("chat/keys")])]
    openai_api_key: SecretString,
    /// It's "the second"; $(touch pwned) `touch pwned`
    /// choice.
    #[secret(env = "ANTHROPIC_API_KEY", source = [env, docker, aws("chat/keys"), gcp("keys"), vault("chat/keys")])]
    anthropic_api_key: Option<SecretString>,
    #[secret(source = [azure, aws, gcp, vault, dapr])]
    token: SecretString,
    #[secret(source = [azure("old-token", vault = "https://kv-old.vault.azure.net"), aws("$(touch pwned) {profile}", raw)])]
    old_token: Option<SecretString>,
    #[secret(source = gcp("projects/other/secrets/salt/versions/3"), encoding = "hex")]
    salt: SecretBox<[u8; 4]>,
    #[secret(nested, source = [aws("prod/db"), vault("db", mount = "kv"), dapr("db", store = "vault")])]
    db: Database,
    #[secret(prefix = "corp-", source = env)]
    corp_key: Option<SecretString>,
}

#[derive(Settings)]
struct Database {
    user: String,
    password: SecretString,
}

const CANARY: &str = "Zq7Wk3Xv9Bn5Tm1Jh8Pd";

/// A folder with values, and with commands that write their arguments, a line each, and their standard input to `calls`.
/// Nothing is there yet but `chat/keys` of AWS.
fn home(commands: &[&str]) -> Home {
    let home = Home::new([
        ("secrets/openai_api_key", format!("sk-{CANARY}\n")),
        ("secrets/token", format!("{CANARY}-token\n")),
        ("secrets/salt", format!("{CANARY}-salt\n")),
        ("secrets/db_user", format!("{CANARY}-user\n")),
        ("secrets/db_password", format!("{CANARY}-password\n")),
    ]);
    let command = r#"#!/bin/sh
line="${0##*/} $*"
case "$line" in
    *describe*chat/keys*) echo arn:of:chat/keys; exit 0 ;;
    *describe*|*'secret show'*|*'kv get'*|*'auth list'*) exit 254 ;;
    *create-secret*|*'secret set'*|*'secrets create'*|*'kv put'*|*'policy write'*) line="$line <<< $(cat)" ;;
esac
printf '%s\n' "$line" >> calls
case "$line" in
    *create-secret*) echo "arn:of:$4" ;;
    *'keyvault show'*) echo "/of/$4" ;;
esac
"#;
    // Enough of it for the one call that the scripts make.
    let jq = r#"#!/bin/sh
object=$(cat)
pair="\"$3\": \"$(cat "$6")\""
if [ "$object" = '{}' ]; then printf '{%s}' "$pair"; else printf '%s, %s}' "${object%?}" "$pair"; fi
"#;
    for name in commands {
        home.write(format!("bin/{name}"), command);
    }
    home.write("bin/jq", jq);
    for entry in fs::read_dir(home.path().join("bin")).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
    home
}

fn run(home: &Home, script: &str, variables: &[(&str, &str)]) -> Output {
    home.write("provision.sh", script);
    let path = format!("{}:{}", home.path().join("bin").display(), std::env::var("PATH").unwrap());
    let output =
        home.command("sh").arg("provision.sh").env("PATH", path).envs(variables.iter().copied()).output().unwrap();
    assert!(!home.path().join("pwned").exists(), "{script}");
    output
}

/// What the commands were called with by the script of the target.
fn calls(home: &Home, target: Target, variables: &[(&str, &str)]) -> String {
    let script = Chat::provision(target);
    assert_eq!(leak(&script, CANARY), None);
    let output = run(home, &script, variables);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}\n{script}");
    for line in script.lines().filter(|line| line.starts_with('#')) {
        assert!(line.len() <= 80 || !line[2..].trim().contains(' '), "{line}");
    }
    fs::read_to_string(home.path().join("calls")).unwrap()
}

#[test]
fn aws_has_each_secret_and_a_policy_of_exactly_their_arns() {
    let home = home(&["aws"]);
    let variables = [("AWS_REGION", "eu-west-1"), ("AWS_SECRET_NAME", "chat/bare"), ("ENVIRONMENT", "production")];
    let calls = calls(&home, Target::Aws, &variables);
    let create = "--secret-string file:///dev/stdin --query ARN --output text <<<";
    assert_eq!(
        calls,
        format!(
            "aws secretsmanager create-secret --name chat/bare {create} {CANARY}-token\n\
             aws secretsmanager create-secret --name prod/db {create} \
             {{\"user\": \"{CANARY}-user\", \"password\": \"{CANARY}-password\"}}\n\
             aws iam create-policy --policy-name chat-secrets --policy-document file://chat-policy.json\n"
        ),
        "chat/keys is there already, and old_token has no value"
    );
    let policy = fs::read_to_string(home.path().join("chat-policy.json")).unwrap();
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
    assert_eq!(
        policy["Statement"],
        serde_json::json!([
            {
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": ["arn:of:chat/keys", "arn:of:chat/bare", "arn:of:prod/db"],
            },
            {"Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*"},
        ])
    );
}

#[test]
fn a_name_of_any_letters_is_one_word_and_has_the_profile() {
    let home = home(&["aws"]);
    home.write("secrets/old_token", "an-old-test-token");
    let variables = [("AWS_REGION", "eu-west-1"), ("AWS_SECRET_NAME", "chat/bare"), ("ENVIRONMENT", "production")];
    let calls = calls(&home, Target::Aws, &variables);
    assert!(calls.contains("create-secret --name $(touch pwned) production --secret-string"), "{calls}");
}

#[test]
fn what_is_missing_stops_a_script_before_it_does_anything() {
    let variables = [("AWS_REGION", "eu-west-1"), ("AWS_SECRET_NAME", "chat/bare"), ("ENVIRONMENT", "production")];
    let fails = |home: &Home, variables: &[(&str, &str)]| {
        let output = run(home, &Chat::provision(Target::Aws), variables);
        assert!(!output.status.success());
        assert!(!home.path().join("calls").exists());
        String::from_utf8(output.stderr).unwrap()
    };
    let home = home(&["aws"]);
    for (at, (variable, _)) in variables.iter().enumerate() {
        let others: Vec<_> =
            variables.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, pair)| *pair).collect();
        assert!(fails(&home, &others).contains(variable));
    }
    fs::remove_file(home.path().join("secrets/db_password")).unwrap();
    assert_eq!(fails(&home, &variables), "secrets/db_password is not there\n");
}

#[test]
fn azure_has_each_secret_and_a_role_on_it_alone() {
    let home = home(&["az"]);
    home.write("secrets/old_token", "an-old-test-token");
    let variables = [("KEY_VAULT_URI", "https://kv-chat.vault.azure.net/"), ("PRINCIPAL_ID", "an-id")];
    let calls = calls(&home, Target::Azure, &variables);
    let set = |vault: &str, name: &str, value: &str| {
        format!(
            "az keyvault secret set --vault-name {vault} --name {name} --file /dev/stdin --encoding utf-8 --output none <<< \
             {value}\naz keyvault show --name {vault} --query id --output tsv\n\
             az role assignment create --role Key Vault Secrets User --assignee-object-id an-id \
             --assignee-principal-type ServicePrincipal --output none --scope /of/{vault}/secrets/{name}\n"
        )
    };
    let token = format!("{CANARY}-token");
    assert_eq!(calls, set("kv-chat", "token", &token) + &set("kv-old", "old-token", "an-old-test-token"));
}

#[test]
fn google_has_each_secret_and_a_role_on_it_alone() {
    let home = home(&["gcloud"]);
    let member = "serviceAccount:chat@agents.iam.gserviceaccount.com";
    let calls = calls(&home, Target::Google, &[("GOOGLE_CLOUD_PROJECT", "agents"), ("MEMBER", member)]);
    let create = |project: &str, name: &str, value: &str| {
        format!(
            "gcloud secrets create {name} --project {project} --replication-policy automatic --data-file - <<< {value}\n\
             gcloud secrets add-iam-policy-binding {name} --project {project} --member {member} \
             --role roles/secretmanager.secretAccessor --condition None\n"
        )
    };
    let expected = [
        create("agents", "keys", &format!("{{\"OPENAI_API_KEY\": \"sk-{CANARY}\"}}")),
        create("agents", "token", &format!("{CANARY}-token")),
        create("other", "salt", &format!("{CANARY}-salt")),
    ];
    assert_eq!(calls, expected.concat());
}

#[test]
fn vault_has_each_secret_and_a_policy_of_exactly_their_paths() {
    let home = home(&["vault"]);
    let variables = [("VAULT_ADDR", "https://vault.example.com"), ("VAULT_SECRET_PATH", "chat/bare")];
    let calls = calls(&home, Target::Vault, &variables);
    let expected = format!(
        "vault kv put -mount=secret chat/keys - <<< {{\"OPENAI_API_KEY\": \"sk-{CANARY}\"}}\n\
         vault kv put -mount=secret chat/bare - <<< {{\"TOKEN\": \"{CANARY}-token\"}}\n\
         vault kv put -mount=kv db - <<< {{\"user\": \"{CANARY}-user\", \"password\": \"{CANARY}-password\"}}\n\
         vault policy write chat - <<< path \"secret/data/chat/keys\" {{ capabilities = [\"read\"] }}\n\
         path \"secret/data/chat/bare\" {{ capabilities = [\"read\"] }}\n\
         path \"kv/data/db\" {{ capabilities = [\"read\"] }}\n\
         vault auth enable approle\n\
         vault write auth/approle/role/chat token_policies=chat token_ttl=1h\n"
    );
    assert_eq!(calls, expected);
}

#[test]
fn docker_lists_each_file() {
    let text = Chat::provision(Target::Docker);
    let lists = "services:\n  chat:\n    secrets:\n      - openai_api_key\n      - anthropic_api_key\n      - token\n";
    assert!(text.contains(lists), "{text}");
    assert!(text.contains("\n  token:\n    file: ./secrets/token\n"), "{text}");
    assert!(!text.contains("corp_key"), "it comes from the environment alone: {text}");
}

#[test]
fn kubernetes_asks_the_first_store_of_each_secret() {
    let text = Chat::provision(Target::Kubernetes);
    let external = |name: &str| {
        let of = |part: &&str| part.contains(&format!("metadata:\n  name: {name}\n"));
        text.split("---\n").find(of).unwrap_or_else(|| panic!("{name}: {text}"))
    };
    let entry = |file: &str, rest: &str| format!("    - secretKey: {file}\n      remoteRef:\n        key: {rest}\n");
    for (name, file, rest) in [
        ("chat-aws", "openai_api_key", "\"chat/keys\"\n        property: \"OPENAI_API_KEY\""),
        ("chat-aws", "anthropic_api_key", "\"chat/keys\"\n        property: \"ANTHROPIC_API_KEY\""),
        ("chat-aws", "db_password", "\"prod/db\"\n        property: \"password\""),
        ("chat-azure", "token", "\"token\""),
        ("chat-azure", "old_token", "\"old-token\""),
        ("chat-gcp", "salt", "\"salt\"\n        version: \"3\""),
    ] {
        assert!(external(name).contains(&entry(file, rest)), "{file}: {text}");
    }
    assert_eq!(text.matches("secretKey: ").count(), 6, "{text}");
    let volumes = ["chat-aws", "chat-azure", "chat-gcp"];
    let volumes = volumes.map(|name| format!("#           - secret:\n#               name: {name}\n"));
    assert!(text.ends_with(&volumes.concat()), "{text}");
    assert!(!text.contains("kind: Secret\n"), "each has a store: {text}");
}

/// Without stores.
#[derive(Settings)]
struct Plain {
    api_key: SecretString,
}

#[test]
fn a_struct_without_stores_has_files_alone() {
    let text = Plain::provision(Target::Kubernetes);
    assert!(text.contains("kind: Secret\nmetadata:\n  name: plain\ntype: Opaque\nstringData:\n  # api_key: required, a secret\n  api_key: \"\"\n"), "{text}");
    for target in [Target::Aws, Target::Azure, Target::Google, Target::Vault, Target::Dapr] {
        let text = Plain::provision(target);
        assert!(text.starts_with("# No secret of Plain comes from `") && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn dapr_denies_all_but_the_secrets_of_the_struct() {
    let text = Chat::provision(Target::Dapr);
    for part in [
        "  name: \"secretstore\"\nspec:\n",
        "scopes:\n  - chat\n",
        "      - storeName: \"secretstore\"\n        defaultAccess: deny\n        allowedSecrets:\n          # token: required, a secret\n          - \"token\"\n",
        "      - storeName: \"vault\"\n        defaultAccess: deny\n        allowedSecrets:\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.matches("- \"db\"\n").count(), 1, "{text}");
}

#[test]
fn gitleaks_looks_for_the_beginnings_of_the_keys() {
    let text = Chat::gitleaks();
    let rule = "[[rules]]\nid = \"settings-5-corp\"\ndescription = \"the value of CHAT_CORP_KEY\"\n\
                regex = \"(?:^|[^A-Za-z0-9_])(corp\\\\-[A-Za-z0-9_-]{12,})\"\nsecretGroup = 1\nkeywords = [\"corp-\"]\n\
                [[rules.allowlists]]\ndescription = \"without a digit\"\nregexes = ['''^[^0-9]*$''']\n";
    assert!(text.contains(rule), "{text}");
    assert!(text.contains("keywords = [\"sk-proj-\"]"), "{text}");
}

#[test]
fn every_target_is_known_by_its_word() {
    for target in Target::ALL {
        assert_eq!(Target::by_name(target.as_str()), Some(*target));
    }
    assert_eq!(Target::by_name("moon"), None);
}
