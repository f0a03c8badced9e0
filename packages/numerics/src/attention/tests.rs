//! Attention on pages.

use super::*;

fn noise(seed: u32, len: usize) -> Vec<f32> {
    let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let value = |x: u32| (x >> 8) as f32 / 8_388_608.0 - 1.0;
    let all = std::iter::successors(Some(seed), next).skip(1);
    all.map(value).take(len).collect()
}

/// What is attended to: elements of a head, the first position, positions of a page.
#[derive(Clone, Copy, Debug)]
struct Case {
    head_dim: usize,
    first: usize,
    page: usize,
    cached: bool,
}

/// 5 heads on one of 2 key heads, at position 150 with a window.
fn attention(kernel: Kernel, case: Case) -> (Vec<f32>, Vec<f32>) {
    let Case { head_dim, page, .. } = case;
    let (kv_heads, last) = (2, 150);
    let stride = kv_heads * head_dim;
    let room = 192 * stride;
    let (keys, values, q) = (noise(1, room), noise(2, room), noise(3, 5 * head_dim));
    let cut = |i: usize| KeysValues {
        keys: &keys[i * page * stride..(i + 1) * page * stride],
        values: &values[i * page * stride..(i + 1) * page * stride],
        kv_heads,
        head_dim,
        scale: 0.25,
    };
    let pages = Pages {
        len: page,
        cached: case.cached,
        page: &cut,
    };
    let mut scratch = vec![0.0; 5 * Span::scratch(last)];
    let mut out = vec![0.0; q.len()];
    let span = Span {
        first: case.first,
        last,
    };
    attend_pages(kernel, &pages, 1, span, &q, &mut scratch, &mut out).unwrap();
    let heads = scratch.chunks_exact(Span::scratch(last));
    let weights = heads.flat_map(|head| head[case.first / BLOCK * BLOCK..=last].to_vec());
    (weights.collect(), out)
}

#[test]
fn pages_of_any_length_in_a_cache_or_not_give_the_bits_of_one() {
    let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let both = |(weights, out)| (bits(weights), bits(out));
    let here = || Kernel::all().into_iter().filter(|it| it.available());
    for (head_dim, first) in [20, 80]
        .into_iter()
        .flat_map(|d| [0, 5, 16, 77, 150].map(|f| (d, f)))
    {
        let case = |page, cached| Case {
            head_dim,
            first,
            page,
            cached,
        };
        let want = both(attention(Kernel::Scalar, case(192, false)));
        for page in [16, 32, 48, 64, 192] {
            for case in [case(page, false), case(page, true)] {
                for kernel in here() {
                    assert_eq!(both(attention(kernel, case)), want, "{kernel} {case:?}");
                }
            }
        }
    }
}
