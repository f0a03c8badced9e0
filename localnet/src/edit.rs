//! Changes to the files that the chain's program writes. A key that is not there means another version
//! of the program: that is an error, not a silent addition.

use std::path::Path;

use serde_json::Value as Json;
use toml::{Table, Value as Toml};

use crate::error::{Doing, LocalnetError, Result};

/// Sets keys such as `rpc.laddr` in a TOML file. Comments are lost.
pub(crate) fn toml_file(path: &Path, changes: &[(&str, Toml)]) -> Result<()> {
    let text = std::fs::read_to_string(path).doing(|| format!("read {}", path.display()))?;
    let wrong = |key: &str, reason: String| LocalnetError::Configuration {
        file: path.to_owned(),
        key: key.to_owned(),
        reason,
    };
    let mut table: Table = text
        .parse()
        .map_err(|e: toml::de::Error| wrong("", e.to_string()))?;
    for (key, value) in changes {
        let slot =
            toml_slot(&mut table, key).ok_or_else(|| wrong(key, "no such key".to_owned()))?;
        if !slot.same_type(value) {
            let reason = format!("got {}, want {}", value.type_str(), slot.type_str());
            return Err(wrong(key, reason));
        }
        *slot = value.clone();
    }
    let text = toml::to_string(&table).map_err(|e| wrong("", e.to_string()))?;
    std::fs::write(path, text).doing(|| format!("write {}", path.display()))
}

fn toml_slot<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Toml> {
    match key.split_once('.') {
        Some((first, rest)) => toml_slot(table.get_mut(first)?.as_table_mut()?, rest),
        None => table.get_mut(key),
    }
}

/// Sets values at JSON pointers such as `/consensus/params/block/max_gas`.
pub(crate) fn json_file(path: &Path, changes: &[(&str, Json)]) -> Result<()> {
    let text = std::fs::read_to_string(path).doing(|| format!("read {}", path.display()))?;
    let wrong = |key: &str, reason: String| LocalnetError::Configuration {
        file: path.to_owned(),
        key: key.to_owned(),
        reason,
    };
    let mut document: Json = serde_json::from_str(&text).map_err(|e| wrong("", e.to_string()))?;
    for (pointer, value) in changes {
        let slot = document.pointer_mut(pointer);
        *slot.ok_or_else(|| wrong(pointer, "no such key".to_owned()))? = value.clone();
    }
    let text = serde_json::to_string_pretty(&document).map_err(|e| wrong("", e.to_string()))?;
    std::fs::write(path, text).doing(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "top = 1 # a comment\n[rpc]\nladdr = \"a\"\ncors = []\n";

    fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn only_the_named_keys_change() {
        let (_folder, path) = written(CONFIG);
        let cors = Toml::Array(vec![Toml::from("*")]);
        toml_file(&path, &[("rpc.cors", cors), ("top", Toml::from(2))]).unwrap();
        let table: Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let want: Table = "top = 2\n[rpc]\nladdr = \"a\"\ncors = [\"*\"]\n"
            .parse()
            .unwrap();
        assert_eq!(table, want);
    }

    #[test]
    fn a_key_that_is_not_there_is_refused_and_the_file_stays() {
        let (_folder, path) = written(CONFIG);
        let error = toml_file(&path, &[("rpc.ladr", Toml::from("b"))]).unwrap_err();
        assert!(error.to_string().contains("rpc.ladr"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), CONFIG);
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let (_folder, path) = written(CONFIG);
        let error = toml_file(&path, &[("top", Toml::from("2"))]).unwrap_err();
        assert!(error.to_string().contains("want integer"), "{error}");
    }

    #[test]
    fn json_is_changed_by_pointer() {
        let (_folder, path) = written(r#"{"a":{"b":"1"}}"#);
        json_file(&path, &[("/a/b", Json::from("2"))]).unwrap();
        let got: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(got, serde_json::json!({"a": {"b": "2"}}));
        assert!(json_file(&path, &[("/a/c", Json::Null)]).is_err());
    }
}
