//! Who of those that fetch at the same time takes which leaf first: agreed without a word.

use antiphon_content::unixfs::Leaf;

/// For each leaf, whether it is ours to take first. Every fetcher finds the same winner for a leaf:
/// the one of the fetchers with the highest hash of (leaf, endpoint).
#[derive(Debug, Default)]
pub(super) struct Shares {
    own: Option<String>,
    others: Vec<String>,
    ours: Vec<bool>,
}

impl Shares {
    pub(super) fn new(own: Option<String>) -> Self {
        Self {
            own,
            ..Self::default()
        }
    }

    /// Shares out anew if other peers are fetching than before.
    pub(super) fn update(&mut self, others: Vec<String>, leaves: &[Leaf]) {
        let Some(own) = &self.own else {
            return;
        };
        if self.others == others && self.ours.len() == leaves.len() {
            return;
        }
        let ours = leaves.iter().map(|leaf| {
            let weight = weight(leaf, own);
            others
                .iter()
                .all(|other| weight > self::weight(leaf, other))
        });
        self.ours = ours.collect();
        self.others = others;
    }

    /// Without an endpoint of our own every leaf is as good as another.
    pub(super) fn ours(&self, leaf: usize) -> bool {
        self.ours.get(leaf).copied().unwrap_or(true)
    }
}

/// FNV-1a over both, then mixed once more: not secret, only spread evenly and equal everywhere.
fn weight(leaf: &Leaf, endpoint: &str) -> u64 {
    let endpoint = endpoint.trim_end_matches('/').bytes();
    let bytes = leaf.cid.digest().iter().copied().chain(endpoint);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[cfg(test)]
mod tests {
    use antiphon_content::Cid;

    use super::*;

    fn leaves() -> Vec<Leaf> {
        let leaf = |number: u64| Leaf {
            cid: Cid::of_raw(&number.to_le_bytes()),
            offset: number,
            size: 1,
        };
        (0..400).map(leaf).collect()
    }

    #[test]
    fn every_leaf_is_the_first_choice_of_exactly_one_fetcher_and_shares_are_fair() {
        let names: Vec<String> = (1..6).map(|n| format!("http://127.0.0.1:400{n}")).collect();
        let shares: Vec<Shares> = names
            .iter()
            .map(|own| {
                let mut shares = Shares::new(Some(own.clone()));
                let others = names.iter().filter(|name| *name != own).cloned();
                shares.update(others.collect(), &leaves());
                shares
            })
            .collect();
        for leaf in 0..400 {
            let takers = shares.iter().filter(|shares| shares.ours(leaf)).count();
            assert_eq!(takers, 1, "leaf {leaf}");
        }
        for shares in &shares {
            let count = (0..400).filter(|leaf| shares.ours(*leaf)).count();
            assert!((50..115).contains(&count), "{count} of 400");
        }
    }

    #[test]
    fn without_an_endpoint_or_other_fetchers_every_leaf_is_ours() {
        let mut unknown = Shares::new(None);
        unknown.update(vec!["http://127.0.0.1:1".to_owned()], &leaves());
        let mut alone = Shares::new(Some("http://127.0.0.1:1".to_owned()));
        alone.update(Vec::new(), &leaves());
        assert!((0..400).all(|leaf| unknown.ours(leaf) && alone.ours(leaf)));
    }
}
