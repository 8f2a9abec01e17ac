//! AWS: `create-secret` for each secret, and an IAM policy of exactly their ARNs.

use super::script::Script;
use super::{held, nothing, program, wanted};
use crate::schema::Schema;

const ADD: &str = r#"
# Makes the secret $1 of $value unless there is one, and adds its ARN to
# $resources.
resources=
add() {
    arn=$(aws secretsmanager describe-secret --secret-id "$1" --query ARN --output text 2>/dev/null) ||
        arn=$(printf %s "$value" | aws secretsmanager create-secret --name "$1" \
            --secret-string file:///dev/stdin --query ARN --output text)
    resources="$resources${resources:+, }\"$arn\""
}
"#;

pub(super) fn script(schema: &'static Schema) -> String {
    let wanted = wanted(schema, &["aws"]);
    if wanted.is_empty() {
        return nothing(schema, "aws");
    }
    let held = held(&wanted, |key| key.name().unwrap_or("$AWS_SECRET_NAME").to_owned());
    let mut script =
        Script::new(schema, "Secrets in AWS Secrets Manager, and a policy that reads them and nothing else.");
    script.wants("AWS_REGION", "the region of the secrets");
    let is_bare = |id: &str| id == "$AWS_SECRET_NAME";
    if held.iter().any(|held| is_bare(&held.id)) {
        script.wants("AWS_SECRET_NAME", "the secret of sources that name none");
    }
    script.begin(&held);
    script.text.push_str(ADD);
    for held in &held {
        let id = if is_bare(&held.id) { "\"$AWS_SECRET_NAME\"".to_owned() } else { script.word(&held.id) };
        script.secret(held, held.is_object(), &format!("add {id}"));
    }
    // A version by its label is asked for alone.
    let in_one_call =
        held.iter().filter(|held| held.fields.iter().any(|field| field.key.text("version_stage").is_none()));
    let batch = in_one_call.count() > 1;
    let program = program(schema);
    script.line("");
    script.comment("Who reads the secrets gets this policy; whoever is to rotate them needs");
    script
        .comment("secretsmanager:PutSecretValue and secretsmanager:UpdateSecretVersionStage on the same ARNs besides.");
    if batch {
        script.comment(
            "BatchGetSecretValue is granted for no single secret. It reads only those that GetSecretValue is granted for; \
             without it each secret is read by a call of its own.",
        );
    }
    let separator = if batch { "," } else { "" };
    script.line(&format!("cat > {program}-policy.json <<END"));
    script.line("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [");
    script.line(&format!(
        "    {{\"Effect\": \"Allow\", \"Action\": \"secretsmanager:GetSecretValue\", \"Resource\": [$resources]}}{separator}"
    ));
    if batch {
        script.line(
            "    {\"Effect\": \"Allow\", \"Action\": \"secretsmanager:BatchGetSecretValue\", \"Resource\": \"*\"}",
        );
    }
    script.line("  ]\n}\nEND");
    script.line(&format!(
        "aws iam create-policy --policy-name {program}-secrets --policy-document file://{program}-policy.json"
    ));
    script.text
}
