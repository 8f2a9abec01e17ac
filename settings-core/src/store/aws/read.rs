//! Reading secrets: each once, together where the service can.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, Region};
use futures_util::future::{join, join_all};

use super::super::{Secret, SecretKey, StoreError};
use super::failure::{self, Call, Failure};
use super::held::Held;

/// How many secrets one `BatchGetSecretValue` takes.
const BATCH: usize = 20;

/// A secret, and which version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted<'k> {
    id: &'k str,
    /// A staging label; the current version without one.
    stage: Option<&'k str>,
}

type Answer = Result<Arc<Held>, StoreError>;
type Answers<'k> = Vec<(Wanted<'k>, Answer)>;

/// What was read, and whether a batch is denied.
pub(super) struct Read<T> {
    pub(super) answers: T,
    pub(super) is_batch_denied: bool,
}

/// Reads the values of these keys, each in the secret of this id.
pub(super) async fn fetch(
    client: &Client,
    keys: &[SecretKey],
    ids: &[Result<&str, StoreError>],
    is_batch_denied: bool,
) -> Read<Vec<Result<Secret, StoreError>>> {
    let wanted = |(key, id): (_, &Result<_, _>)| {
        let stage = SecretKey::text(key, "version_stage");
        id.as_ref().map(|&id| Wanted { id, stage }).map_err(StoreError::clone)
    };
    let wanted: Vec<_> = keys.iter().zip(ids).map(wanted).collect();
    let mut distinct = Vec::new();
    for wanted in wanted.iter().flatten() {
        if !distinct.contains(wanted) {
            distinct.push(*wanted);
        }
    }
    let Read { answers, is_batch_denied } = read(client, &distinct, is_batch_denied).await;
    let secret = |(key, wanted): (&SecretKey, Result<Wanted<'_>, StoreError>)| {
        let wanted = wanted?;
        let unanswered = || StoreError::malformed().because("the answer leaves the secret out");
        let (_, answer) = answers.iter().find(|(answered, _)| *answered == wanted).ok_or_else(unanswered)?;
        answer.as_ref().map_err(StoreError::clone)?.secret(key)
    };
    Read { answers: keys.iter().zip(wanted).map(secret).collect(), is_batch_denied }
}

/// Reads secrets side by side. A batch has current versions only, and those of one region.
async fn read<'k>(client: &Client, wanted: &[Wanted<'k>], is_batch_denied: bool) -> Read<Answers<'k>> {
    let (mut current, staged): (Vec<Wanted<'_>>, Vec<_>) = wanted.iter().partition(|wanted| wanted.stage.is_none());
    current.sort_by_key(|wanted| region(wanted.id));
    let size = if is_batch_denied { 1 } else { BATCH };
    let regions = current.chunk_by(|one, other| region(one.id) == region(other.id));
    let batches = join_all(regions.flat_map(|region| region.chunks(size)).map(|batch| together(client, batch)));
    let (batches, mut answers) = join(batches, one_by_one(client, &staged)).await;
    let mut is_batch_denied = is_batch_denied;
    for batch in batches {
        is_batch_denied |= batch.is_batch_denied;
        answers.extend(batch.answers);
    }
    Read { answers, is_batch_denied }
}

async fn one_by_one<'k>(client: &Client, wanted: &[Wanted<'k>]) -> Answers<'k> {
    join_all(wanted.iter().map(async |&wanted| (wanted, one(client, wanted).await))).await
}

async fn one(client: &Client, wanted: Wanted<'_>) -> Answer {
    // The current version is asked for by its label, though it is the default: no emulator gets that wrong.
    match get(client, wanted.id, wanted.stage.unwrap_or(CURRENT)).await {
        Ok(held) => Ok(Arc::new(held)),
        Err(failure) => match wanted.stage {
            Some(stage) if failure.is("ResourceNotFoundException") => {
                Err(failure.error.noted(format!("there is no version `{stage}` of it")))
            }
            _ => Err(failure.error),
        },
    }
}

/// The label of the version that readers get.
pub(super) const CURRENT: &str = "AWSCURRENT";

/// The version of a secret that has this label.
pub(super) async fn get(client: &Client, id: &str, stage: &str) -> Result<Held, Failure> {
    let request = client.get_secret_value().secret_id(id).version_stage(stage).customize();
    let request = match elsewhere(client, id) {
        Some(region) => request.config_override(region),
        None => request,
    };
    request.send().await.map(Held::from).map_err(|error| Failure::new(Call::Get, &error))
}

/// Up to 20 secrets of one region by one call, and those that it does not tell of one by one.
async fn together<'k>(client: &Client, wanted: &[Wanted<'k>]) -> Read<Answers<'k>> {
    let Some((first, [_, ..])) = wanted.split_first() else {
        return Read { answers: one_by_one(client, wanted).await, is_batch_denied: false };
    };
    let ids = wanted.iter().map(|wanted| wanted.id.to_owned()).collect();
    let request = client.batch_get_secret_value().set_secret_id_list(Some(ids)).customize();
    let request = match elsewhere(client, first.id) {
        Some(region) => request.config_override(region),
        None => request,
    };
    let output = match request.send().await {
        Ok(output) => output,
        Err(error) => {
            let failure = Failure::new(Call::BatchGet, &error);
            let is_batch_denied = failure.is("AccessDeniedException");
            let answers = if failure.is_about_the_request {
                one_by_one(client, wanted).await
            } else {
                wanted.iter().map(|&wanted| (wanted, Err(failure.error.clone()))).collect()
            };
            return Read { answers, is_batch_denied };
        }
    };
    let errors = output.errors.unwrap_or_default();
    let values = output.secret_values.unwrap_or_default().into_iter();
    let values: Vec<_> =
        values.map(|mut entry| (entry.arn.take(), entry.name.take(), Arc::new(Held::from(entry)))).collect();
    let mut answers = Vec::new();
    let mut left = Vec::new();
    for &wanted in wanted {
        let is_wanted = |id: &Option<String>| id.as_deref().is_some_and(|id| is_same(wanted.id, id));
        let value = values.iter().find(|(arn, name, _)| is_wanted(arn) || is_wanted(name));
        let error = || errors.iter().find(|error| is_wanted(&error.secret_id));
        match (value, error()) {
            (Some((.., held)), _) => answers.push((wanted, Ok(Arc::clone(held)))),
            (None, Some(error)) => answers.push((wanted, Err(failure::of_entry(error)))),
            (None, None) => left.push(wanted),
        }
    }
    answers.extend(one_by_one(client, &left).await);
    Read { answers, is_batch_denied: false }
}

/// Whether a name or ARN means the secret that has this name or ARN. An ARN may be written without the six characters that
/// AWS adds to it.
fn is_same(wanted: &str, own: &str) -> bool {
    let without_suffix = || own.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 6);
    wanted == own || (own.starts_with("arn:") && without_suffix().is_some_and(|(arn, _)| arn == wanted))
}

/// The region that an ARN names.
fn region(id: &str) -> Option<&str> {
    // arn:aws:secretsmanager:eu-west-1:111122223333:secret:name
    id.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

/// What sends a request to the region of an ARN, where that is another one.
pub(super) fn elsewhere(client: &Client, id: &str) -> Option<Builder> {
    let region = region(id)?;
    let own = client.config().region().map(AsRef::as_ref);
    (own != Some(region)).then(|| Builder::new().region(Region::new(region.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:chat/api-keys-AbCdEf";

    #[test]
    fn a_secret_goes_by_its_name_and_its_arn() {
        assert!(is_same("chat/api-keys", "chat/api-keys"));
        assert!(is_same(ARN, ARN));
        assert!(is_same(&ARN[..ARN.len() - 7], ARN));
        assert!(!is_same("chat/api", "chat/api-keys"));
        assert!(!is_same("chat", "chat-abcdef"));
        assert!(!is_same(&ARN[..ARN.len() - 8], ARN));
    }

    #[test]
    fn an_arn_names_a_region() {
        assert_eq!(region(ARN), Some("eu-west-1"));
        assert_eq!(region("chat/api-keys"), None);
        assert_eq!(region("arn:aws:secretsmanager::1:secret:x"), None);
    }
}
