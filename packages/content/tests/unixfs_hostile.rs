//! Skeletons that strangers might send, and that random ones survive the way back.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "small numbers, and a panic is how a test fails"
)]

use std::collections::BTreeMap;

use antiphon_content::Cid;
use antiphon_content::dag_pb::{DagPbError, Link, Node};
use antiphon_content::unixfs::{
    FileBuilder, FileMessage, Leaf, MAX_DEPTH, SkeletonError, SkeletonFault, Walker, read_skeleton,
};
use proptest::prelude::*;

const LEAF: u64 = 1000;

fn leaf(number: u64) -> Cid {
    Cid::of_raw(&number.to_le_bytes())
}

fn link(cid: Cid) -> Link {
    Link {
        cid,
        name: String::new(),
        total: 0,
    }
}

fn node(links: &[Cid], parts: &[u64], size: u64) -> Vec<u8> {
    let parts = parts.to_vec();
    Node {
        links: links.iter().copied().map(link).collect(),
        data: Some(FileMessage { size, parts }.encode()),
    }
    .encode()
}

/// What reading one root node says.
fn fault(block: &[u8], bytes: u64) -> SkeletonFault {
    let mut walker = Walker::new(Cid::of_dag_pb(block), bytes).unwrap();
    walker.give(block).unwrap_err().fault
}

fn with_data(data: &[u8]) -> Vec<u8> {
    Node {
        links: vec![link(leaf(0))],
        data: Some(data.to_vec()),
    }
    .encode()
}

#[test]
fn sizes_that_contradict_each_other_are_refused() {
    let two = [leaf(0), leaf(1)];
    let size = SkeletonFault::Size { got: 5, want: 9 };
    assert_eq!(fault(&node(&two, &[2, 3], 5), 9), size);
    assert_eq!(fault(&node(&two, &[2, 4], 5), 5), SkeletonFault::Sum(5));
    assert_eq!(
        fault(&node(&two, &[u64::MAX, 6], 5), 5),
        SkeletonFault::Sum(5)
    );
    assert_eq!(fault(&node(&two, &[0, 5], 5), 5), SkeletonFault::EmptyPart);
    let counts = SkeletonFault::Counts { links: 2, sizes: 1 };
    assert_eq!(fault(&node(&two, &[5], 5), 5), counts);
    assert_eq!(fault(&node(&[], &[], 0), 0), SkeletonFault::NoLinks);
    let huge = 2 * 1024 * 1024 + 1;
    assert_eq!(
        fault(&node(&two[..1], &[huge], huge), huge),
        SkeletonFault::LeafSize(huge)
    );
    let raw = Walker::new(leaf(0), huge).unwrap_err().fault;
    assert_eq!(raw, SkeletonFault::LeafSize(huge));
}

#[test]
fn what_is_not_a_plain_file_is_refused() {
    for (kind, other) in [
        ("raw", 0),
        ("directory", 1),
        ("metadata", 3),
        ("symlink", 4),
        ("hamt", 5),
    ] {
        let block = with_data(&[0x08, other, 0x18, 0x05, 0x20, 0x05]);
        assert_eq!(
            fault(&block, 5),
            SkeletonFault::Kind(other.into()),
            "{kind}"
        );
    }
    let inline = with_data(&[0x08, 2, 0x12, 1, b'x', 0x18, 5, 0x20, 5]);
    assert_eq!(fault(&inline, 5), SkeletonFault::InlineData);
    let bare = Node {
        links: vec![link(leaf(0))],
        data: None,
    };
    assert_eq!(fault(&bare.encode(), 5), SkeletonFault::NoData);
    let mut named = link(leaf(0));
    named.name = "../../etc/passwd".to_owned();
    let parts = vec![5];
    let named = Node {
        links: vec![named],
        data: Some(FileMessage { size: 5, parts }.encode()),
    };
    let want = SkeletonFault::Named("../../etc/passwd".to_owned());
    assert_eq!(fault(&named.encode(), 5), want);
    for (what, field) in [
        ("hash type", 0x28),
        ("fan-out", 0x30),
        ("mode", 0x38),
        ("time", 0x42),
    ] {
        let block = with_data(&[0x08, 2, 0x18, 5, 0x20, 5, field, 0]);
        assert!(
            matches!(fault(&block, 5), SkeletonFault::Encoding(_)),
            "{what}"
        );
    }
}

#[test]
fn a_directory_is_refused() {
    let empty = Node {
        links: Vec::new(),
        data: Some(vec![0x08, 1]),
    }
    .encode();
    // The known CID of the empty directory shows that these are the bytes that IPFS uses.
    let known = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354";
    assert_eq!(Cid::of_dag_pb(&empty).to_string(), known);
    assert_eq!(fault(&empty, 0), SkeletonFault::Kind(1));
}

#[test]
fn a_bomb_that_repeats_its_links_is_refused_before_it_unfolds() {
    // 1 MiB leaf, then nodes of 1024 equal links: a pebibyte in 150 KB.
    let mut size: u64 = 1 << 20;
    let mut cid = leaf(0);
    let mut blocks = BTreeMap::new();
    for _ in 0..3 {
        let (links, parts) = ([cid; 1024], [size; 1024]);
        size *= 1024;
        let block = node(&links, &parts, size);
        cid = Cid::of_dag_pb(&block);
        blocks.insert(cid, block);
    }
    let declared_small = Walker::new(cid, 5_000_000_000).and_then(|mut w| w.give(&blocks[&cid]));
    assert!(matches!(
        declared_small.unwrap_err().fault,
        SkeletonFault::Size { .. }
    ));
    // A manifest that declares small parts under the same shape runs out of node bytes instead.
    let mut cid = leaf(0);
    let mut size = 1_u64;
    let mut blocks = BTreeMap::new();
    for _ in 0..3 {
        let (links, parts) = ([cid; 1024], [size; 1024]);
        size *= 1024;
        let block = node(&links, &parts, size);
        cid = Cid::of_dag_pb(&block);
        blocks.insert(cid, block);
    }
    let read = read_skeleton(cid, size, |cid| Ok::<_, SkeletonError>(blocks[cid].clone()));
    assert_eq!(read.unwrap_err().fault, SkeletonFault::SkeletonSize);
}

#[test]
fn a_chain_deeper_than_five_nodes_is_refused() {
    let chain = |depth: usize| {
        let mut blocks = BTreeMap::new();
        let mut cid = leaf(0);
        for _ in 0..depth {
            let block = node(&[cid], &[5], 5);
            cid = Cid::of_dag_pb(&block);
            blocks.insert(cid, block);
        }
        read_skeleton(cid, 5, |cid| Ok::<_, SkeletonError>(blocks[cid].clone()))
    };
    assert_eq!(chain(MAX_DEPTH).unwrap().len(), 1);
    assert_eq!(
        chain(MAX_DEPTH + 1).unwrap_err().fault,
        SkeletonFault::Depth
    );
}

#[test]
fn wrong_bytes_do_not_end_the_walk() {
    let block = node(&[leaf(0)], &[5], 5);
    let mut walker = Walker::new(Cid::of_dag_pb(&block), 5).unwrap();
    let fault = walker.give(b"something else").unwrap_err().fault;
    assert_eq!(fault, SkeletonFault::OtherBytes(14));
    walker.give(&block).unwrap();
    let unasked = walker.give(&block).unwrap_err().fault;
    assert_eq!(unasked, SkeletonFault::NotWanted);
    let only = Leaf {
        cid: leaf(0),
        offset: 0,
        size: 5,
    };
    assert_eq!(walker.finish(), Some(vec![only]));
}

#[test]
fn an_unfinished_walk_gives_no_leaves() {
    let block = node(&[leaf(0)], &[5], 5);
    let walker = Walker::new(Cid::of_dag_pb(&block), 5).unwrap();
    assert_eq!(walker.finish(), None);
}

#[test]
fn dag_pb_has_one_spelling() {
    let good = node(&[leaf(0)], &[5], 5);
    assert_eq!(Node::decode(&good).unwrap().encode(), good);
    let data_first = [&good[44..], &good[..44]].concat();
    let trailing = [&good[..], &[0x1a, 0]].concat();
    let twice = [&good[..], &good[44..]].concat();
    for (what, block) in [
        ("data first", data_first),
        ("unknown field", trailing),
        ("data twice", twice),
    ] {
        let error = Node::decode(&block).unwrap_err();
        assert!(matches!(error, DagPbError::Field { .. }), "{what}: {error}");
    }
    let long_varint = [0x0a, 0x80, 0x00];
    assert_eq!(Node::decode(&long_varint), Err(DagPbError::Varint));
    let over_64_bits = [&[0x0a_u8][..], &[0xff; 9], &[0x02]].concat();
    assert_eq!(Node::decode(&over_64_bits), Err(DagPbError::Varint));
    for cut in 1..good.len() {
        let whole_link = cut == 44;
        assert_eq!(Node::decode(&good[..cut]).is_ok(), whole_link, "{cut}");
    }
    let endless = [0x12, 0xff, 0xff, 0xff, 0xff, 0x0f];
    assert_eq!(Node::decode(&endless), Err(DagPbError::Truncated));
    let huge = vec![0; 2 * 1024 * 1024 + 1];
    assert_eq!(Node::decode(&huge), Err(DagPbError::Size(huge.len())));
}

/// The root by the definition of a balanced file, with everything in memory.
fn level_by_level(sizes: &[u64], width: usize) -> Cid {
    let leaves = sizes.iter().enumerate();
    // (node, file bytes, block bytes)
    let mut level: Vec<(Cid, u64, u64)> = leaves
        .map(|(number, size)| (leaf(number as u64), *size, *size))
        .collect();
    while level.len() > 1 {
        let above = level.chunks(width).map(|children| {
            let size = children.iter().map(|child| child.1).sum();
            let parts = children.iter().map(|child| child.1).collect();
            let links = children.iter().map(|child| Link {
                total: child.2,
                ..link(child.0)
            });
            let block = Node {
                links: links.collect(),
                data: Some(FileMessage { size, parts }.encode()),
            }
            .encode();
            let total: u64 = children.iter().map(|child| child.2).sum();
            (Cid::of_dag_pb(&block), size, total + block.len() as u64)
        });
        level = above.collect();
    }
    level.first().map_or(Cid::of_raw(b""), |root| root.0)
}

proptest! {
    #[test]
    fn random_bytes_never_panic(block in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(node) = Node::decode(&block) {
            prop_assert_eq!(node.encode(), block.clone());
        }
        let mut walker = Walker::new(Cid::of_dag_pb(&block), 1000).unwrap();
        drop(walker.give(&block));
    }

    #[test]
    fn a_damaged_node_is_refused_or_says_the_same_sizes(at in 0_usize..200, bit in 0_u8..8) {
        let links: Vec<Cid> = (0..3).map(leaf).collect();
        let mut block = node(&links, &[LEAF, LEAF, 7], 2 * LEAF + 7);
        let place = at % block.len();
        block[place] ^= 1 << bit;
        let mut walker = Walker::new(Cid::of_dag_pb(&block), 2 * LEAF + 7).unwrap();
        if walker.give(&block).is_ok() && walker.wanted().is_none() {
            let leaves = walker.finish().unwrap();
            let sum: u64 = leaves.iter().map(|leaf| leaf.size).sum();
            prop_assert_eq!(sum, 2 * LEAF + 7);
        }
    }

    #[test]
    fn every_shape_reads_back(count in 0_u64..600, width in 2_usize..7, tail in 1_u64..LEAF) {
        let sizes: Vec<u64> = (0..count).map(|i| if i + 1 == count { tail } else { LEAF }).collect();
        let mut builder = FileBuilder::with_width(width);
        let mut nodes = BTreeMap::new();
        for (number, size) in sizes.iter().enumerate() {
            nodes.extend(builder.push(leaf(number as u64), *size).unwrap());
        }
        let file = builder.finish().unwrap();
        nodes.extend(file.nodes);
        prop_assert_eq!(file.size, sizes.iter().sum::<u64>());
        prop_assert_eq!(file.root, level_by_level(&sizes, width));
        let levels = (0..).find(|level| (width as u64).pow(*level) >= count).unwrap();
        let read = read_skeleton(file.root, file.size, |cid| {
            let links = Node::decode(&nodes[cid]).unwrap().links.len();
            assert!(links <= width, "got {links} links, want at most {width}");
            Ok::<_, SkeletonError>(nodes[cid].clone())
        });
        if levels as usize > MAX_DEPTH {
            let refused = read.map(|leaves| leaves.len()).unwrap_err();
            prop_assert_eq!(refused.fault, SkeletonFault::Depth);
        } else {
            let read = read.unwrap();
            let got: Vec<(Cid, u64)> = read.iter().map(|leaf| (leaf.cid, leaf.size)).collect();
            let mut want: Vec<(Cid, u64)> = sizes.iter().enumerate().map(|(i, size)| (leaf(i as u64), *size)).collect();
            if count == 0 {
                want.push((Cid::of_raw(b""), 0));
            }
            prop_assert_eq!(got, want);
        }
    }
}
