//! Activations as the matrix product reads them (CN-1 section 3).

use crate::Kernel;
use crate::elementary::{INFINITE, MAGIC, any_not_finite, greatest_magnitude};
use crate::format::{Form, TensorType};
use crate::free::mul_add;
use crate::kernel::dispatch;

/// Magnitudes below 2^-100 make a block zero: the inverse of a smaller one could overflow.
const ZERO_BELOW: u32 = 0x0D80_0000;
/// Values for each sum of quants, in both block sizes.
const SUM_LEN: usize = 32;

/// NaN or infinity in a vector that a matrix product reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFinite {
    /// Index of the vector among those quantised together.
    pub vector: usize,
}

#[inline(always)]
pub(crate) fn block_body(x: &[f32], q: &mut [i8], sums: &mut [i32]) -> Option<f32> {
    let most = greatest_magnitude(x);
    if most >= INFINITE {
        return None;
    }
    if most < ZERO_BELOW {
        q.fill(0);
        sums.fill(0);
        return Some(0.0);
    }
    let amax = f32::from_bits(most);
    let id = 127.0 / amax;
    let (q, x) = (q.as_chunks_mut::<SUM_LEN>().0, x.as_chunks::<SUM_LEN>().0);
    for (sum, (to, x)) in sums.iter_mut().zip(q.iter_mut().zip(x)) {
        // An array of its own: that `to` and `x` do not overlap, vector code has to know.
        let mut quants = [0_i8; SUM_LEN];
        for (q, &x) in quants.iter_mut().zip(x) {
            // The low byte of the shifted value, since that of MAGIC is 0.
            *q = mul_add(x, id, MAGIC).to_bits() as i8;
        }
        *sum = quants.iter().fold(0, |sum, &q| sum + i32::from(q));
        *to = quants;
    }
    Some(amax / 127.0)
}

/// Quantises one block of 32 or 256 values to 8 bits; `sums` gets the sum of each 32 quants.
///
/// Returns the scale, or `None` if a value is NaN or infinite.
pub fn quantise_block(kernel: Kernel, x: &[f32], q: &mut [i8], sums: &mut [i32]) -> Option<f32> {
    dispatch!(kernel, block_body, quantise_block(x, q, sums))
}

/// The forms that a set of matrices needs of their common input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    pub(crate) plain: bool,
    pub(crate) a32: bool,
    pub(crate) a256: bool,
}

impl Forms {
    /// Collects what matrices of these formats read.
    pub fn of(types: impl IntoIterator<Item = TensorType>) -> Self {
        let mut forms = Self::default();
        for ty in types {
            match ty.form() {
                Form::Plain => forms.plain = true,
                Form::A32 => forms.a32 = true,
                Form::A256 => forms.a256 = true,
            }
        }
        forms
    }
}

/// Vectors in blocks of 32 or 256 quants: `[vector][value]`.
#[derive(Debug, Default)]
pub(crate) struct Blocks<S> {
    pub(crate) q: Vec<i8>,
    pub(crate) scale: Vec<f32>,
    /// One for each block.
    pub(crate) sum: Vec<S>,
}

impl<S: Clone + Default> Blocks<S> {
    fn resize(&mut self, values: usize, block: usize) {
        self.q.resize(values, 0);
        self.scale.resize(values / block, 0.0);
        self.sum.resize(values / block, S::default());
    }
}

/// Sums of the quants of a block of 256; vector code reads them in pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Sums {
    /// Of each 32 quants, at most 4064: the sums of the specification.
    pub(crate) of_32: [i16; 8],
    /// Of each 16 quants, which take the bias out of Q6_K's unsigned bits.
    pub(crate) of_16: [i16; 16],
}

/// Input vectors of matrix products, quantised once for all matrices that read them.
///
/// The buffers are kept from one use to the next.
#[derive(Debug, Default)]
pub struct Activations {
    len: usize,
    vectors: usize,
    pub(crate) plain: Vec<f32>,
    /// Sums of 32 quants are at most 4064, exact as f32.
    pub(crate) a32: Blocks<f32>,
    pub(crate) a256: Blocks<Sums>,
}

impl Activations {
    /// Values in a vector.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True before the first [`Activations::load`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vectors == 0
    }

    /// Number of vectors.
    #[must_use]
    pub fn vectors(&self) -> usize {
        self.vectors
    }

    /// Takes vectors of `len` values each, one after the other in `x`.
    ///
    /// # Errors
    /// [`NotFinite`] with the first vector that holds NaN or infinity.
    pub fn load(
        &mut self,
        kernel: Kernel,
        forms: Forms,
        x: &[f32],
        len: usize,
    ) -> Result<(), NotFinite> {
        self.len = len;
        self.vectors = x.len() / len;
        if forms.a32 {
            self.a32.resize(x.len(), 32);
            dispatch!(kernel, load_a32, load_a32(&mut self.a32, x))
                .map_err(|at| NotFinite { vector: at / len })?;
        }
        if forms.a256 {
            self.a256.resize(x.len(), 256);
            dispatch!(kernel, load_a256, load_a256(&mut self.a256, x))
                .map_err(|at| NotFinite { vector: at / len })?;
        }
        if forms.plain {
            self.plain.clear();
            self.plain.extend_from_slice(x);
            if let Some(vector) = x.chunks(len).position(|x| any_not_finite(kernel, x)) {
                return Err(NotFinite { vector });
            }
        }
        Ok(())
    }
}

/// Fails with the index of the first value of a block that is not finite.
#[inline(always)]
pub(crate) fn load_a32(to: &mut Blocks<f32>, x: &[f32]) -> Result<(), usize> {
    let (x, _) = x.as_chunks::<32>();
    let (q, _) = to.q.as_chunks_mut::<32>();
    let places = q.iter_mut().zip(&mut to.scale).zip(&mut to.sum);
    for (i, (x, ((q, scale), sum))) in x.iter().zip(places).enumerate() {
        let mut total = [0];
        *scale = block_body(x, q, &mut total).ok_or(i * 32)?;
        *sum = total[0] as f32;
    }
    Ok(())
}

#[inline(always)]
pub(crate) fn load_a256(to: &mut Blocks<Sums>, x: &[f32]) -> Result<(), usize> {
    let (q, _) = to.q.as_chunks_mut::<256>();
    let places = q.iter_mut().zip(&mut to.scale).zip(&mut to.sum);
    for (i, (x, ((q, scale), sums))) in x.as_chunks::<256>().0.iter().zip(places).enumerate() {
        let mut totals = [0; 8];
        *scale = block_body(x, q, &mut totals).ok_or(i * 256)?;
        sums.of_32 = totals.map(|total| total as i16);
        for (sum, q) in sums.of_16.iter_mut().zip(q.as_chunks::<16>().0) {
            *sum = q.iter().fold(0, |sum, &q| sum.wrapping_add(i16::from(q)));
        }
    }
    Ok(())
}
