//! Reading secrets: each once, together where the service can.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Builder, Region};
use aws_sdk_secretsmanager::operation::batch_get_secret_value::BatchGetSecretValueOutput;
use futures_util::future::{join, join_all};

use super::super::StoreError;
use super::failure::{self, Call, Failure};
use super::held::Held;

/// How many secrets one `BatchGetSecretValue` takes.
const BATCH: usize = 20;

/// A secret, and which version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted<'k> {
    pub(super) id: &'k str,
    /// A staging label; the current version without one.
    pub(super) stage: Option<&'k str>,
}

/// What was read.
#[derive(Default)]
pub(super) struct Read<'k> {
    answers: Vec<(Wanted<'k>, Answer)>,
    /// Whether the right to read several secrets by one call is missing.
    pub(super) is_batch_denied: bool,
}

type Answer = Result<Arc<Held>, StoreError>;

impl<'k> Read<'k> {
    pub(super) fn answer(&self, wanted: Wanted<'k>) -> Result<&Held, StoreError> {
        let unanswered = || StoreError::malformed().because("the answer leaves the secret out");
        let (_, answer) = self.answers.iter().find(|(answered, _)| *answered == wanted).ok_or_else(unanswered)?;
        answer.as_deref().map_err(StoreError::clone)
    }

    fn add(&mut self, other: Self) {
        self.answers.extend(other.answers);
        self.is_batch_denied |= other.is_batch_denied;
    }
}

/// Reads each of these once, side by side. A batch has current versions only, and those of one region.
pub(super) async fn read<'k>(
    client: &Client,
    wanted: impl Iterator<Item = Wanted<'k>>,
    is_batch_denied: bool,
) -> Read<'k> {
    let mut current: Vec<Wanted<'_>> = Vec::new();
    let mut staged = Vec::new();
    for wanted in wanted {
        let list = if wanted.stage.is_none() { &mut current } else { &mut staged };
        if !list.contains(&wanted) {
            list.push(wanted);
        }
    }
    current.sort_by_key(|wanted| region(wanted.id));
    let regions = current.chunk_by(|one, other| region(one.id) == region(other.id));
    let size = if is_batch_denied { 1 } else { BATCH };
    let batches = regions.flat_map(|region| region.chunks(size)).map(|batch| together(client, batch));
    let (batches, mut read) = join(join_all(batches), one_by_one(client, &staged)).await;
    read.is_batch_denied = is_batch_denied;
    batches.into_iter().for_each(|batch| read.add(batch));
    read
}

async fn one_by_one<'k>(client: &Client, wanted: &[Wanted<'k>]) -> Read<'k> {
    let answers = join_all(wanted.iter().map(async |&wanted| (wanted, one(client, wanted).await))).await;
    Read { answers, is_batch_denied: false }
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
async fn together<'k>(client: &Client, wanted: &[Wanted<'k>]) -> Read<'k> {
    let Some((first, [_, ..])) = wanted.split_first() else {
        return one_by_one(client, wanted).await;
    };
    let ids = wanted.iter().map(|wanted| wanted.id.to_owned()).collect();
    let request = client.batch_get_secret_value().set_secret_id_list(Some(ids)).customize();
    let request = match elsewhere(client, first.id) {
        Some(region) => request.config_override(region),
        None => request,
    };
    match request.send().await {
        Ok(output) => sort_out(client, wanted, output).await,
        Err(error) => {
            let failure = Failure::new(Call::BatchGet, &error);
            if !failure.is_about_the_request {
                let answers = wanted.iter().map(|&wanted| (wanted, Err(failure.error.clone()))).collect();
                return Read { answers, is_batch_denied: false };
            }
            let read = one_by_one(client, wanted).await;
            Read { is_batch_denied: failure.is("AccessDeniedException"), ..read }
        }
    }
}

/// Which value and which error belongs to which secret.
async fn sort_out<'k>(client: &Client, wanted: &[Wanted<'k>], output: BatchGetSecretValueOutput) -> Read<'k> {
    let errors = output.errors.unwrap_or_default();
    let values = output.secret_values.unwrap_or_default().into_iter();
    let values = values.map(|mut entry| ([entry.arn.take(), entry.name.take()], Arc::new(Held::from(entry))));
    let values: Vec<_> = values.collect();
    let mut read = Read::default();
    let mut left = Vec::new();
    for &wanted in wanted {
        let is_wanted = |id: &Option<String>| id.as_deref().is_some_and(|id| is_same(wanted.id, id));
        let value = values.iter().find(|(ids, _)| ids.iter().any(is_wanted));
        let error = errors.iter().find(|error| is_wanted(&error.secret_id));
        match (value, error) {
            (Some((_, held)), _) => read.answers.push((wanted, Ok(Arc::clone(held)))),
            (None, Some(error)) => read.answers.push((wanted, Err(failure::of_entry(error)))),
            (None, None) => left.push(wanted),
        }
    }
    read.add(one_by_one(client, &left).await);
    read
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
