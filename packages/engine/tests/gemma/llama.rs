//! llama.cpp in a process of its own, asked through `xtask/bench/llama_judge.py`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) struct Llama {
    process: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    vocabulary: usize,
}

impl Llama {
    /// `model` names the variable with the file.
    pub(crate) fn start(model: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut process = Command::new("python3")
            .arg(root.join("xtask/bench/llama_judge.py"))
            .arg(crate::place("ANTIPHON_LLAMA_CPP"))
            .arg(crate::place(model))
            .arg("2")
            .stderr(Stdio::null())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let words = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut llama = Self {
            process,
            words,
            answers,
            vocabulary: 0,
        };
        llama.vocabulary = llama.line().trim().parse().unwrap();
        llama
    }

    pub(crate) const fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The ids of a text, none of them a control token.
    pub(crate) fn ids(&mut self, text: &str) -> Vec<u32> {
        self.ask(&format!("text {}", serde_json::to_string(text).unwrap()));
        let line = self.line();
        let ids = line.split_whitespace();
        ids.map(|id| id.parse().unwrap()).collect()
    }

    /// Hands each row of logits to `see`: those behind `prompt`, then behind each token of `answer`
    /// but the last.
    pub(crate) fn logits(&mut self, prompt: &[u32], answer: &[u32], mut see: impl FnMut(&[f32])) {
        let ids: Vec<String> = prompt.iter().chain(answer).map(u32::to_string).collect();
        self.ask(&format!("logits {} {}", prompt.len(), ids.join(" ")));
        let mut row = vec![0; self.vocabulary * 4];
        for _ in answer {
            self.answers.read_exact(&mut row).unwrap();
            let (words, _) = row.as_chunks::<4>();
            let logits: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
            see(&logits);
        }
    }

    fn ask(&mut self, line: &str) {
        let words = self.words.as_mut().unwrap();
        writeln!(words, "{line}").unwrap();
        words.flush().unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "llama.cpp ended: {line:?}");
        line
    }
}

impl Drop for Llama {
    /// It ends when its input does.
    fn drop(&mut self) {
        drop(self.words.take());
        drop(self.process.wait());
    }
}
