//! The machine in a line, for the figures' sake.

/// Such as `x86_64 linux, 2 × Some CPU, 24 GB`.
pub(crate) fn describe() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let base = format!(
        "{} {}, {processors} × ",
        std::env::consts::ARCH,
        std::env::consts::OS
    );
    let cpu = field(&cpus, "model name").unwrap_or("unknown CPU");
    let memory = field(&memory, "MemTotal").and_then(gigabytes);
    base + cpu + &memory.map_or_else(String::new, |gb| format!(", {gb} GB"))
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// "24123456 kB" in whole GB.
fn gigabytes(text: &str) -> Option<u64> {
    let kilobytes: u64 = text.split(' ').next()?.parse().ok()?;
    kilobytes.checked_add(500_000)?.checked_div(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU\n";
        assert_eq!(field(text, "model name"), Some("Some CPU"));
        assert_eq!(field(text, "flags"), None);
    }

    #[test]
    fn memory_is_rounded_to_whole_gigabytes() {
        assert_eq!(gigabytes("24123456 kB"), Some(24));
        assert_eq!(gigabytes("no"), None);
    }
}
