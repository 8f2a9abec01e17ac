//! Azure: `az keyvault secret set`, and the role that reads each secret and no other.

use super::script::Script;
use super::{held, nothing, wanted};
use crate::schema::Schema;

const ADD: &str = r#"
# Makes the secret $2 of the vault $1 of $value unless there is one, and lets
# the program read it.
add() {
    az keyvault secret show --vault-name "$1" --name "$2" --output none 2>/dev/null ||
        printf %s "$value" | az keyvault secret set --vault-name "$1" --name "$2" --file /dev/stdin \
            --encoding utf-8 --output none
    az role assignment create --role 'Key Vault Secrets User' --assignee-object-id "$PRINCIPAL_ID" \
        --assignee-principal-type ServicePrincipal --output none \
        --scope "$(az keyvault show --name "$1" --query id --output tsv)/secrets/$2"
}
"#;

pub(super) fn script(schema: &'static Schema) -> String {
    let wanted = wanted(schema, &["azure"]);
    if wanted.is_empty() {
        return nothing(schema, "azure");
    }
    let name = |key: &crate::store::SecretKey| key.name().unwrap_or(key.kebab()).to_owned();
    let own_vault = |key: &crate::store::SecretKey| key.text("vault").map(str::to_owned);
    let held = held(&wanted, |key| match own_vault(key) {
        Some(vault) => format!("{} in {}", name(key), host(&vault)),
        None => name(key),
    });
    let mut script = Script::new(schema, "Secrets in Azure Key Vault, and the role that reads them and nothing else.");
    script.comment("The vault is one with Azure RBAC, and who runs this is its Key Vault Secrets Officer.");
    script.wants("PRINCIPAL_ID", "the object id of the identity that the program runs as");
    if wanted.iter().any(|field| own_vault(&field.key).is_none()) {
        script.wants("KEY_VAULT_URI", "the address of the vault");
        script.line("vault=${KEY_VAULT_URI#https://}");
        script.line("vault=${vault%%.*}");
    }
    script.begin(&held);
    script.text.push_str(ADD);
    for held in &held {
        let Some(field) = held.fields.first() else { continue };
        let vault = own_vault(&field.key).map_or_else(|| "\"$vault\"".to_owned(), |vault| script.word(host(&vault)));
        let add = format!("add {vault} {}", script.word(&name(&field.key)));
        // A vault's secret is one value, whatever it is.
        script.secret(held, false, &add);
    }
    script.line("");
    script.comment("Whoever is to rotate them gets the role 'Key Vault Secrets Officer' on the same secrets.");
    script.text
}

/// `kv-chat` of `https://kv-chat.vault.azure.net/`.
fn host(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    host.split(['.', '/', ':']).next().unwrap_or(host)
}
