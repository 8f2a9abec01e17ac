use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(source = [])]
struct Chat {
    #[secret(source)]
    first: SecretString,
    #[secret(source = "env")]
    second: SecretString,
    #[secret(source = [file, json, store, file("")])]
    third: SecretString,
    #[secret(source = [docker("x"), k8s("x"), dotenv("x"), azure("a", "b"), azure(version = "3", "a")])]
    fourth: SecretString,
    #[secret(source = [azure("a", version = 3), vault("b", version = "3"), aws("c", raw = true, key)])]
    fifth: SecretString,
    #[secret(source = [store("mine", region = eu), azure("a" version = "3"), 7, aws(7)])]
    sixth: SecretString,
}

fn main() {}
