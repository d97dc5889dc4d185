use super::*;
use std::collections::HashMap;
use std::fs;

fn hub(variables: &[(&str, &str)]) -> Result<Hub> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    Hub::from_variables(&|name| variables.get(name).map(OsString::from))
}

#[test]
fn names_are_told_from_paths() {
    let name = |text: &str| ModelName::parse(text).map(|model| (model.name, model.revision));
    let main = Some(("ncbi/MedCPT-Query-Encoder".to_owned(), "main".to_owned()));
    assert_eq!(name("ncbi/MedCPT-Query-Encoder"), main);
    assert_eq!(name("bert-base"), Some(("bert-base".into(), "main".into())));
    assert_eq!(name("a/b@refs/pr/1"), Some(("a/b".into(), "refs/pr/1".into())));
    for path in [
        "", "./a", "../a", "/a/b", "a/b/c", "a/..", "a\\b", "C:/x", "a/b@", "a/b@../x", "a/ b",
        ".a/b",
    ] {
        assert_eq!(name(path), None, "{path}");
    }
    assert_eq!(name(&"x".repeat(201)), None);
}

#[test]
fn the_environment_says_where_the_cache_is() {
    let cache = |variables: &[(&str, &str)]| hub(variables).unwrap().cache;
    let home = ("HOME", "/home/u");
    assert_eq!(cache(&[home]), Path::new("/home/u/.cache/huggingface/hub"));
    let xdg = ("XDG_CACHE_HOME", "/c");
    assert_eq!(cache(&[home, xdg]), Path::new("/c/huggingface/hub"));
    let hf_home = ("HF_HOME", "/hf");
    assert_eq!(cache(&[home, xdg, hf_home]), Path::new("/hf/hub"));
    assert_eq!(cache(&[hf_home, ("HF_HUB_CACHE", "/models")]), Path::new("/models"));
    assert!(hub(&[]).unwrap_err().to_string().contains("HF_HUB_CACHE"));
    assert!(!hub(&[home]).unwrap().is_offline());
    let mirror = |url| hub(&[home, ("HF_ENDPOINT", url)]).unwrap().endpoint;
    for url in ["https://mirror.example", "https://mirror.example/"] {
        assert_eq!(mirror(url), "https://mirror.example");
    }
    for (value, is_offline) in [("1", true), ("true", true), ("0", false), ("no", false)] {
        assert_eq!(hub(&[home, ("HF_HUB_OFFLINE", value)]).unwrap().is_offline(), is_offline);
    }
}

#[test]
fn a_snapshot_is_found_by_branch_and_by_commit() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::at(folder.path());
    let model = |text: &str| ModelName::parse(text).unwrap();
    let found = |text: &str| hub.find(&model(text));
    let absent = found("lab/model").unwrap_err().to_string();
    for word in ["lab/model", "not in the cache", "huggingface.co/lab/model/tree/main", "vocab.txt"]
    {
        assert!(absent.contains(word), "{absent}");
    }
    let root = folder.path().join("models--lab--model");
    let snapshot = root.join("snapshots/0123abcd");
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(root.join("refs/pr")).unwrap();
    fs::write(root.join("refs/main"), "0123abcd\n").unwrap();
    fs::write(root.join("refs/pr/1"), "feed").unwrap();
    assert!(found("lab/model").unwrap_err().to_string().contains("fetched in part"));
    fs::write(snapshot.join("config.json"), "{}").unwrap();
    assert_eq!(found("lab/model").unwrap(), snapshot);
    assert_eq!(found("lab/model@0123abcd").unwrap(), snapshot);
    assert!(found("lab/model@v2").unwrap_err().to_string().contains("no snapshot"));
    assert!(found("lab/model@pr/1").unwrap_err().to_string().contains("no snapshot"));
    fs::write(root.join("refs/main"), "../../../etc").unwrap();
    assert!(found("lab/model").unwrap_err().to_string().contains("does not name a commit"));
}
