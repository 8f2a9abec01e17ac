//! Vault and OpenBao: `vault kv put`, a policy of exactly these paths, and an AppRole that has it.

use super::script::Script;
use super::{held, nothing, program, wanted};
use crate::schema::Schema;
use crate::store::SecretKey;

const ADD: &str = r#"
# Makes the secret $2 of the mount $1 of $value unless there is one.
add() {
    vault kv get -mount="$1" "$2" >/dev/null 2>&1 ||
        printf %s "$value" | vault kv put -mount="$1" "$2" - >/dev/null
}
"#;

pub(super) fn script(schema: &'static Schema) -> String {
    let wanted = wanted(schema, &["vault"]);
    if wanted.is_empty() {
        return nothing(schema, "vault");
    }
    let held = held(&wanted, |key| format!("{}/{}", mount(key), path(key)));
    let mut script =
        Script::new(schema, "Secrets in Vault, and a policy that reads them and nothing else, with an AppRole.");
    script.comment("For OpenBao, vault() { bao \"$@\"; } in front of all makes it the command.");
    script.wants("VAULT_ADDR", "the address of the server");
    if wanted.iter().any(|field| field.key.name().is_none()) {
        script.wants("VAULT_SECRET_PATH", "the path of sources that name none");
    }
    script.begin(&held);
    script.text.push_str(ADD);
    let mut policy = String::new();
    for held in &held {
        let Some(field) = held.fields.first() else { continue };
        let (mount, path) = (mount(&field.key), path(&field.key));
        let word = if path == BARE { format!("\"{BARE}\"") } else { script.word(path) };
        let add = format!("add {} {word}", script.word(mount));
        // KV holds nothing but objects.
        script.secret(held, true, &add);
        let path = if path == BARE { BARE.to_owned() } else { script.in_quotes(path) };
        policy += &format!("path \"{}/data/{path}\" {{ capabilities = [\"read\"] }}\n", script.in_quotes(mount));
    }
    let program = program(schema);
    script.line("");
    script.comment("Who reads the secrets has this policy; whoever is to rotate them needs \"update\" besides.");
    script.line(&format!("vault policy write {program} - <<END"));
    script.text.push_str(&policy);
    script.line("END");
    script.line("vault auth list 2>/dev/null | grep -q '^approle/' || vault auth enable approle");
    script.line(&format!("vault write auth/approle/role/{program} token_policies={program} token_ttl=1h"));
    script.comment("VAULT_ROLE_ID and VAULT_SECRET_ID of the program:");
    script.comment(&format!("  vault read -field=role_id auth/approle/role/{program}/role-id"));
    script.comment(&format!("  vault write -f -field=secret_id auth/approle/role/{program}/secret-id"));
    script.text
}

/// The path of sources that name none.
const BARE: &str = "$VAULT_SECRET_PATH";

fn mount(key: &SecretKey) -> &str {
    key.text("mount").unwrap_or("secret").trim_matches('/')
}

fn path(key: &SecretKey) -> &str {
    key.name().map_or(BARE, |path| path.trim_matches('/'))
}
