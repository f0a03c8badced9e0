//! What the vector code needs of an instruction set; all else is written once over it.

/// Registers of one instruction set. Each lane is one row, position or head element, and no method
/// mixes lanes.
///
/// # Safety
/// All methods need a processor with the instruction set, and run inside [`Lanes::run`] so that
/// they become single instructions. Pointers must be readable (writable) for the stated length and
/// need no alignment.
pub(crate) trait Lanes: Sized {
    /// Lanes of a register: 4, 8 or 16.
    const WIDTH: usize;
    /// True if [`Lanes::Sum`] holds any number of products. Otherwise its parts are 16 bits wide:
    /// per lane eight [`Lanes::dot`] of 4-bit weights, four of 5-bit or two of 6-bit weights fit.
    const WIDE: bool;
    /// What [`Lanes::bytes`] adds to each signed weight; the product with the sum of the quants is
    /// subtracted later.
    const BYTE_OFFSET: f32;

    /// f32 lanes.
    type F: Copy;
    /// i32 lanes.
    type I: Copy;
    /// Four raw bytes in each lane.
    type Raw: Copy;
    /// Four unsigned weights of at most six bits in each lane, ready for [`Lanes::dot`].
    type Weights: Copy;
    /// Four signed weights of eight bits in each lane, ready for [`Lanes::dot_bytes`].
    type Bytes: Copy;
    /// The same four quants, each at most 127 in magnitude, in every lane.
    type Quad: Copy;
    /// A running exact sum of products.
    type Sum: Copy;
    /// Two i16 in each lane.
    type Pairs: Copy;
    /// A sub-block's scale in each lane, ready for [`Lanes::add_scaled`].
    type Scale: Copy;

    /// Runs a task in a function compiled for the instruction set.
    unsafe fn run<T: Task>(task: T);

    /// +0 in every lane.
    unsafe fn zero() -> Self::F;
    /// One value in every lane.
    unsafe fn splat(value: f32) -> Self::F;
    /// `WIDTH` values.
    unsafe fn load(from: *const f32) -> Self::F;
    /// `WIDTH` values.
    unsafe fn store(to: *mut f32, value: Self::F);
    /// Rounded sum.
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    /// Rounded difference.
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F;
    /// Rounded product.
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    /// `a * b + c`, the product rounded and then the sum. Where [`crate::free::FREE`] is true an
    /// instruction set may round once.
    #[inline(always)]
    unsafe fn mul_add(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        // SAFETY: the caller's promise.
        unsafe { Self::add(c, Self::mul(a, b)) }
    }
    /// `WIDTH` f16 values widened exactly, subnormals too; none is infinite or NaN.
    unsafe fn load_f16(from: *const u16) -> Self::F;
    /// `WIDTH` bf16 values widened exactly.
    unsafe fn load_bf16(from: *const u16) -> Self::F;
    /// Rounded once, to nearest even.
    unsafe fn to_f32(value: Self::I) -> Self::F;

    /// 0 in every lane.
    unsafe fn no_sum() -> Self::I;
    /// `4 * WIDTH` bytes.
    unsafe fn load_raw(from: *const u8) -> Self::Raw;
    /// Bits of each byte under a mask.
    unsafe fn mask(value: Self::Raw, mask: u8) -> Self::Raw;
    /// Either bit.
    unsafe fn or(a: Self::Raw, b: Self::Raw) -> Self::Raw;
    /// Each byte 4 bits up; the bits that come in are masked off by the caller, as with the others.
    unsafe fn up4(value: Self::Raw) -> Self::Raw;
    /// Each byte 4 bits down.
    unsafe fn down4(value: Self::Raw) -> Self::Raw;
    /// Each byte 2 bits down.
    unsafe fn down2(value: Self::Raw) -> Self::Raw;
    /// Each byte 1 bit down.
    unsafe fn down1(value: Self::Raw) -> Self::Raw;

    /// Unsigned weights of at most six bits.
    unsafe fn weights(raw: Self::Raw) -> Self::Weights;
    /// Signed weights of eight bits.
    unsafe fn bytes(raw: Self::Raw) -> Self::Bytes;
    /// Four quants in every lane.
    unsafe fn quad(from: *const i8) -> Self::Quad;
    /// An empty sum.
    unsafe fn empty() -> Self::Sum;
    /// `sum` plus four products.
    unsafe fn dot(sum: Self::Sum, w: Self::Weights, q: Self::Quad) -> Self::Sum;
    /// `to` plus four products of (signed weight + [`Lanes::BYTE_OFFSET`]) and quant.
    unsafe fn dot_bytes(to: Self::I, w: Self::Bytes, q: Self::Quad) -> Self::I;
    /// `to` plus a sum.
    unsafe fn add_sum(to: Self::I, sum: Self::Sum) -> Self::I;
    /// `to` plus a sum times the scale.
    unsafe fn add_scaled(to: Self::I, sum: Self::Sum, scale: Self::Scale) -> Self::I;

    /// `2 * WIDTH` unsigned bytes, widened.
    unsafe fn load_pairs(from: *const u8) -> Self::Pairs;
    /// `2 * WIDTH` signed bytes, widened.
    unsafe fn load_signed_pairs(from: *const u8) -> Self::Pairs;
    /// The first of each pair.
    unsafe fn first(pairs: Self::Pairs) -> Self::Scale;
    /// The second of each pair.
    unsafe fn second(pairs: Self::Pairs) -> Self::Scale;
    /// `to` plus, in each lane, both products of its pair with the same two i16 at `sums`.
    unsafe fn dot_pairs(to: Self::I, pairs: Self::Pairs, sums: *const i16) -> Self::I;
    /// `from - 32 * value`.
    unsafe fn minus_32(from: Self::I, value: Self::I) -> Self::I;
}

/// Work that is inlined into a function compiled for an instruction set.
pub(crate) trait Task {
    /// # Safety
    /// As its maker promised; called by [`Lanes::run`] only.
    unsafe fn run(self);
}

/// Writes the methods of [`Lanes`] for an instruction set: each body becomes one unsafe block.
macro_rules! methods {
    ($($(#[$when:meta])? fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty { $($body:tt)* })*) => {$(
        $(#[$when])?
        #[inline(always)]
        #[allow(unused_unsafe, reason = "some bodies need no unsafe operation")]
        unsafe fn $name($($arg: $ty),*) -> $ret {
            // SAFETY: the promise of `Lanes`: the instruction set is there, pointers are good.
            unsafe { $($body)* }
        }
    )*};
}
pub(crate) use methods;

/// Writes [`Lanes::run`] for the features of an instruction set, and one more under a flag.
#[cfg(not(target_arch = "wasm32"))]
macro_rules! runs {
    ($features:literal $(, $flag:ident: $more:literal)?) => {
        #[inline]
        unsafe fn run<T: Task>(task: T) {
            #[target_feature(enable = $features)]
            $(#[cfg_attr($flag, target_feature(enable = $more))])?
            unsafe fn compiled<T: Task>(task: T) {
                // SAFETY: the caller's promise.
                unsafe { task.run() }
            }
            // SAFETY: the caller's promise.
            unsafe { compiled(task) }
        }
    };
}
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use runs;

/// Writes the functions that [`crate::kernel`] calls, for an instruction set: its products work on
/// registers of rows x at most so many vectors together. Another, where it is found, may be better at
/// them. `$all` registers are 16 lanes.
macro_rules! entries {
    (
        $lanes:ty: $rows:literal x $most:literal
        $(, $has:expr => $better:ty: $better_rows:literal x $better_most:literal)?; $all:literal
    ) => {
        /// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments.
        pub(crate) fn product(
            w: &$crate::interleaved::Interleaved,
            rows: std::ops::Range<usize>,
            x: &$crate::quantise::Activations,
            out: &mut [f32],
            stride: usize,
        ) {
            use $crate::simd::product::product;
            assert_available();
            $(
                if $has {
                    // SAFETY: the processor has the instruction set, just checked.
                    return unsafe {
                        product::<$better, $better_rows, $better_most>(w, rows, x, out, stride)
                    };
                }
            )?
            // SAFETY: the processor has the instruction set, just checked.
            unsafe { product::<$lanes, $rows, $most>(w, rows, x, out, stride) }
        }

        /// Scores of whole blocks of positions for each head of the query.
        pub(crate) fn scores(query: &$crate::attention::Query<'_>, scores: &mut [f32]) {
            assert_available();
            // SAFETY: the processor has the instruction set, just checked.
            unsafe { $crate::simd::attention::scores::<$lanes, $all>(query, scores) }
        }

        /// Weighted values of each head, added to the sums in `out`.
        pub(crate) fn values(
            query: &$crate::attention::Query<'_>,
            weights: &[f32],
            out: &mut [f32],
        ) {
            assert_available();
            // SAFETY: the processor has the instruction set, just checked.
            unsafe { $crate::simd::attention::values::<$lanes>(query, weights, out) }
        }
    };
}
pub(crate) use entries;
