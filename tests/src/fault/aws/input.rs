//! What the operations of Secrets Manager take,
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html>. Emulators take more.

use serde_json::{Map, Value};

use super::super::Refusal;
use super::refusal;

/// What a member may hold.
enum Holds {
    /// Text, of so many characters to so many.
    Text(usize, usize),
    /// A list of so many texts to so many.
    Texts(usize, usize),
    /// A number from this to that.
    Number(u64, u64),
    Flag,
    /// A list of structures, which are not looked into.
    Structures,
}
use Holds::{Flag, Number, Structures, Text, Texts};

struct Member(&'static str, Holds);

const SECRET_ID: Member = Member("SecretId", Text(1, 2048));
const TOKEN: Member = Member("ClientRequestToken", Text(32, 64));
const STAGE: Member = Member("VersionStage", Text(1, 256));
const TEXT: Member = Member("SecretString", Text(1, 65_536));
const BINARY: Member = Member("SecretBinary", Text(1, 87_384)); // 65,536 bytes in Base64
const KMS_KEY: Member = Member("KmsKeyId", Text(0, 2048));
const DESCRIPTION: Member = Member("Description", Text(0, 2048));
const NEXT: Member = Member("NextToken", Text(1, 4096));

/// An operation, and how many of its members, which come first, are required.
struct Operation(&'static str, usize, &'static [Member]);

const OPERATIONS: &[Operation] = &[
    Operation(
        "BatchGetSecretValue",
        0,
        &[
            Member("SecretIdList", Texts(1, 20)),
            Member("Filters", Structures),
            Member("MaxResults", Number(1, 20)),
            NEXT,
        ],
    ),
    Operation(
        "CreateSecret",
        1,
        &[
            Member("Name", Text(1, 512)),
            TOKEN,
            DESCRIPTION,
            KMS_KEY,
            TEXT,
            BINARY,
            Member("Tags", Structures),
            Member("AddReplicaRegions", Structures),
            Member("ForceOverwriteReplicaSecret", Flag),
        ],
    ),
    Operation(
        "DeleteSecret",
        1,
        &[SECRET_ID, Member("RecoveryWindowInDays", Number(7, 30)), Member("ForceDeleteWithoutRecovery", Flag)],
    ),
    Operation("DescribeSecret", 1, &[SECRET_ID]),
    Operation("GetSecretValue", 1, &[SECRET_ID, Member("VersionId", Text(32, 64)), STAGE]),
    Operation(
        "ListSecretVersionIds",
        1,
        &[SECRET_ID, Member("MaxResults", Number(1, 100)), NEXT, Member("IncludeDeprecated", Flag)],
    ),
    Operation(
        "PutSecretValue",
        1,
        &[
            SECRET_ID,
            TOKEN,
            TEXT,
            BINARY,
            Member("VersionStages", Texts(1, 20)),
            Member("RotationToken", Text(36, 256)),
        ],
    ),
    Operation("RestoreSecret", 1, &[SECRET_ID]),
    Operation("UpdateSecret", 1, &[SECRET_ID, TOKEN, DESCRIPTION, KMS_KEY, TEXT, BINARY]),
    Operation(
        "UpdateSecretVersionStage",
        2,
        &[SECRET_ID, STAGE, Member("RemoveFromVersionId", Text(32, 64)), Member("MoveToVersionId", Text(32, 64))],
    ),
];

/// A code of AWS, and what is wrong. Values are never told.
type Wrong = (&'static str, String);

/// Whether this body is what this target takes.
pub(super) fn check(target: &str, body: &[u8]) -> Result<(), Refusal> {
    let name = target.strip_prefix("secretsmanager.").unwrap_or_default();
    let Some(operation) = OPERATIONS.iter().find(|operation| operation.0 == name) else {
        return Err(refusal("UnknownOperationException", format!("X-Amz-Target: `{target}`")));
    };
    let Ok(Value::Object(input)) = serde_json::from_slice(body) else {
        return Err(refusal("SerializationException", format!("{name}: the body is no JSON object")));
    };
    let checked = operation.check(&input).and_then(|()| check_together(name, &input));
    checked.map_err(|(code, what)| refusal(code, format!("{name}: {what}")))
}

impl Operation {
    fn check(&self, input: &Map<String, Value>) -> Result<(), Wrong> {
        let Self(_, required, members) = self;
        for Member(name, _) in &members[..*required] {
            if !input.contains_key(*name) {
                return Err(("ValidationException", format!("{name} is required")));
            }
        }
        for (name, value) in input {
            let Some(Member(_, holds)) = members.iter().find(|member| member.0 == name) else {
                return Err(("SerializationException", format!("there is no member {name}")));
            };
            holds.check(value).map_err(|what| ("ValidationException", format!("{name} has to be {what}")))?;
        }
        Ok(())
    }
}

impl Holds {
    fn check(&self, value: &Value) -> Result<(), String> {
        let all = |is: fn(&Value) -> bool| value.as_array().filter(|list| list.iter().all(is)).map(Vec::len);
        let (holds, what) = match self {
            Text(least, most) => {
                let length = value.as_str().map(|text| text.chars().count());
                (
                    length.is_some_and(|length| (*least..=*most).contains(&length)),
                    format!("{least} to {most} characters"),
                )
            }
            Texts(least, most) => {
                let length = all(Value::is_string);
                (length.is_some_and(|length| (*least..=*most).contains(&length)), format!("{least} to {most} texts"))
            }
            Number(least, most) => {
                let number = value.as_u64();
                (
                    number.is_some_and(|number| (*least..=*most).contains(&number)),
                    format!("a number, {least} to {most}"),
                )
            }
            Flag => (value.is_boolean(), "true or false".to_owned()),
            Structures => (all(Value::is_object).is_some(), "a list of structures".to_owned()),
        };
        if holds { Ok(()) } else { Err(what) }
    }
}

/// What members mean for one another.
fn check_together(operation: &str, input: &Map<String, Value>) -> Result<(), Wrong> {
    let has = |name: &str| input.contains_key(name);
    let wrong = match operation {
        "BatchGetSecretValue" if has("SecretIdList") == has("Filters") => "either SecretIdList or Filters",
        "BatchGetSecretValue" if has("SecretIdList") && has("MaxResults") => "MaxResults goes with Filters",
        "CreateSecret" | "PutSecretValue" | "UpdateSecret" if has("SecretString") && has("SecretBinary") => {
            "either SecretString or SecretBinary"
        }
        "PutSecretValue" if !has("SecretString") && !has("SecretBinary") => "neither SecretString nor SecretBinary",
        // It always stands at some version, and a label that does is not moved without naming that version.
        "UpdateSecretVersionStage"
            if input["VersionStage"] == "AWSCURRENT" && !(has("RemoveFromVersionId") && has("MoveToVersionId")) =>
        {
            "AWSCURRENT needs both RemoveFromVersionId and MoveToVersionId"
        }
        _ => return Ok(()),
    };
    Err(("InvalidParameterException", wrong.to_owned()))
}
