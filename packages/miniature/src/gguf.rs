//! A writer of GGUF files, sound or damaged.

use antiphon_numerics::TensorType;

/// Where data begin: the default of `general.alignment`.
const ALIGNMENT: usize = 32;

/// A metadata value to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Type 4.
    U32(u32),
    /// Type 6.
    F32(f32),
    /// Type 7, any byte.
    Bool(u8),
    /// Type 8.
    Str(String),
    /// An array of strings.
    Strs(Vec<String>),
    /// An array of signed integers of 32 bits.
    I32s(Vec<i32>),
    /// An array of floats of 32 bits.
    F32s(Vec<f32>),
    /// A type number and the bytes after it.
    Raw(u32, Vec<u8>),
}

/// A tensor to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its dimensions, row length first.
    pub dims: Vec<u64>,
    /// The number of its format.
    pub kind: u32,
    /// Its bytes.
    pub data: Vec<u8>,
    /// The offset to claim, if not the true one.
    pub offset: Option<u64>,
}

impl Tensor {
    /// A tensor of a known format at its true place.
    #[must_use]
    pub fn new(name: &str, dims: &[u32], format: TensorType, data: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            dims: dims.iter().copied().map(u64::from).collect(),
            kind: format.gguf(),
            data,
            offset: None,
        }
    }
}

/// A GGUF file in parts, so that a test can damage one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The first four bytes.
    pub magic: [u8; 4],
    /// The version.
    pub version: u32,
    /// Keys and values in order.
    pub metadata: Vec<(String, Value)>,
    /// Tensors in the order of their data.
    pub tensors: Vec<Tensor>,
    /// Counts of tensors and keys to claim, if not the true ones.
    pub counts: (Option<u64>, Option<u64>),
}

impl File {
    /// A sound file.
    #[must_use]
    pub fn new(metadata: Vec<(String, Value)>, tensors: Vec<Tensor>) -> Self {
        Self {
            magic: *b"GGUF",
            version: 3,
            metadata,
            tensors,
            counts: (None, None),
        }
    }

    /// Sets a key, wherever it was.
    pub fn set(&mut self, key: &str, value: Value) {
        self.remove(key);
        self.metadata.push((key.to_owned(), value));
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) {
        self.metadata.retain(|(known, _)| known != key);
    }

    /// The value of a key, if the file has it.
    pub fn value(&mut self, key: &str) -> Option<&mut Value> {
        let found = self.metadata.iter_mut().find(|(known, _)| known == key);
        found.map(|(_, value)| value)
    }

    /// A tensor by name, if the file has it.
    pub fn tensor(&mut self, name: &str) -> Option<&mut Tensor> {
        self.tensors.iter_mut().find(|tensor| tensor.name == name)
    }

    /// The vocabulary, to be changed and set again; empty if the file has none.
    #[must_use]
    pub fn tokens(&self) -> Vec<String> {
        let mut keys = self.metadata.iter();
        match keys.find(|(key, _)| key == "tokenizer.ggml.tokens") {
            Some((_, Value::Strs(tokens))) => tokens.clone(),
            _ => Vec::new(),
        }
    }

    /// Gives the embedding as many rows as a changed vocabulary has tokens, each as the first.
    pub fn set_rows(&mut self, rows: usize) {
        let Some(embedding) = self.tensor("token_embd.weight") else {
            return;
        };
        let len = embedding.data.len() / embedding.dims[1].max(1) as usize;
        let row = embedding.data[..len].to_vec();
        embedding.dims[1] = rows as u64;
        embedding.data = row.repeat(rows);
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        out.extend(self.version.to_le_bytes());
        let (tensors, keys) = self.counts;
        out.extend(tensors.unwrap_or(self.tensors.len() as u64).to_le_bytes());
        out.extend(keys.unwrap_or(self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            string(&mut out, key);
            value.write(&mut out);
        }
        let mut at = 0_u64;
        for tensor in &self.tensors {
            string(&mut out, &tensor.name);
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            out.extend(tensor.dims.iter().flat_map(|dim| dim.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend(tensor.offset.unwrap_or(at).to_le_bytes());
            at = (at + tensor.data.len() as u64).next_multiple_of(ALIGNMENT as u64);
        }
        for tensor in &self.tensors {
            out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
            out.extend(&tensor.data);
        }
        out
    }
}

impl Value {
    /// An array of 32-bit floats.
    #[must_use]
    pub fn f32s(list: &[f32]) -> Self {
        let items = list.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self::Raw(9, array(6, list.len(), items))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (kind, bytes) = match self {
            Self::U32(n) => (4, n.to_le_bytes().to_vec()),
            Self::F32(x) => (6, x.to_le_bytes().to_vec()),
            Self::Bool(b) => (7, vec![*b]),
            Self::Str(text) => (8, array_of_strings(std::slice::from_ref(text))),
            Self::Strs(list) => (9, array(8, list.len(), array_of_strings(list))),
            Self::I32s(list) => {
                let items = list.iter().flat_map(|n| n.to_le_bytes()).collect();
                (9, array(5, list.len(), items))
            }
            Self::F32s(list) => {
                let items = list.iter().flat_map(|x| x.to_le_bytes()).collect();
                (9, array(6, list.len(), items))
            }
            Self::Raw(kind, bytes) => (*kind, bytes.clone()),
        };
        out.extend(kind.to_le_bytes());
        out.extend(bytes);
    }
}

fn array(kind: u32, len: usize, items: Vec<u8>) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend((len as u64).to_le_bytes());
    bytes.extend(items);
    bytes
}

fn array_of_strings(list: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    list.iter().for_each(|text| string(&mut bytes, text));
    bytes
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}
