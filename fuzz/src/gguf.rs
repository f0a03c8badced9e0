//! A GGUF file in parts, so that any of them can be made wrong before it is written.

/// A metadata value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Type 4.
    U32(u32),
    /// Type 6.
    F32(f32),
    /// Type 7, any byte.
    Bool(u8),
    /// Type 8.
    Str(String),
    /// An array of type 8.
    Strs(Vec<String>),
    /// An array of type 5.
    I32s(Vec<i32>),
    /// An array of type 6.
    F32s(Vec<f32>),
    /// A type number and the bytes after it.
    Raw(u32, Vec<u8>),
}

/// A line of the tensor list, with its data.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Row length first.
    pub dims: Vec<u64>,
    /// GGUF type number.
    pub kind: u32,
    /// What is written, whatever the dimensions say.
    pub data: Vec<u8>,
    /// The offset to claim, if not the true one.
    pub offset: Option<u64>,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    /// `GGUF`.
    pub magic: [u8; 4],
    /// 3.
    pub version: u32,
    /// In the order of the file.
    pub metadata: Vec<(String, Value)>,
    /// In the order of the file.
    pub tensors: Vec<Tensor>,
    /// Numbers of tensors and keys to claim, if not the true ones.
    pub counts: (Option<u64>, Option<u64>),
}

impl File {
    /// Sets a key, which keeps its place if it is there.
    pub fn set(&mut self, key: &str, value: Value) {
        match self.metadata.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => self.metadata.push((key.to_owned(), value)),
        }
    }

    /// The value of a key.
    pub fn value(&mut self, key: &str) -> Option<&mut Value> {
        let found = self.metadata.iter_mut().find(|(known, _)| known == key);
        found.map(|(_, value)| value)
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        out.extend(self.version.to_le_bytes());
        let (tensors, keys) = self.counts;
        out.extend(tensors.unwrap_or(wide(self.tensors.len())).to_le_bytes());
        out.extend(keys.unwrap_or(wide(self.metadata.len())).to_le_bytes());
        for (key, value) in &self.metadata {
            write_string(&mut out, key);
            write_value(&mut out, value);
        }
        let mut at = 0_u64;
        for tensor in &self.tensors {
            write_entry(&mut out, tensor, at);
            at = at
                .saturating_add(wide(tensor.data.len()))
                .next_multiple_of(32);
        }
        for tensor in &self.tensors {
            out.resize(out.len().next_multiple_of(32), 0);
            out.extend(&tensor.data);
        }
        out
    }
}

fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn write_entry(out: &mut Vec<u8>, tensor: &Tensor, at: u64) {
    write_string(out, &tensor.name);
    let count = u32::try_from(tensor.dims.len()).unwrap_or(u32::MAX);
    out.extend(count.to_le_bytes());
    let dims = tensor.dims.iter();
    dims.for_each(|dim| out.extend(dim.to_le_bytes()));
    out.extend(tensor.kind.to_le_bytes());
    out.extend(tensor.offset.unwrap_or(at).to_le_bytes());
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    out.extend(wide(text.len()).to_le_bytes());
    out.extend(text.as_bytes());
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    let mut put = |kind: u32, bytes: &[u8]| {
        out.extend(kind.to_le_bytes());
        out.extend(bytes);
    };
    match value {
        Value::U32(n) => put(4, &n.to_le_bytes()),
        Value::F32(x) => put(6, &x.to_le_bytes()),
        Value::Bool(b) => put(7, &[*b]),
        Value::Raw(kind, bytes) => put(*kind, bytes),
        Value::Str(text) => {
            let mut bytes = Vec::new();
            write_string(&mut bytes, text);
            put(8, &bytes);
        }
        Value::Strs(list) => put(9, &array(8, list, |out, text| write_string(out, text))),
        Value::I32s(list) => put(9, &array(5, list, |out, n| out.extend(n.to_le_bytes()))),
        Value::F32s(list) => put(9, &array(6, list, |out, x| out.extend(x.to_le_bytes()))),
    }
}

/// The bytes of an array behind its type number: the type of its elements, their number, they.
fn array<T>(kind: u32, list: &[T], write: impl Fn(&mut Vec<u8>, &T)) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(wide(list.len()).to_le_bytes());
    list.iter().for_each(|item| write(&mut bytes, item));
    bytes
}
