//! Where a computation met NaN or infinity.

use crate::quantise::NotFinite;
use crate::{NumericError, Point};
use std::sync::Mutex;

/// The first fault in the order of layers and positions, whichever task saw one first.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Option<(usize, usize, Point)>>);

/// The place of a part of the computation, for its faults.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    /// Layer from 0; the number of layers for the head.
    pub(super) layer: usize,
    /// Position of the first token.
    pub(super) position: usize,
    pub(super) faults: &'a Faults,
}

impl Site<'_> {
    /// Reports a fault `after` positions from the first token.
    pub(super) fn report(&self, point: Point, after: usize) {
        if let Ok(mut first) = self.faults.0.lock() {
            let fault = (self.layer, self.position + after, point);
            *first = Some(first.map_or(fault, |old| old.min(fault)));
        }
    }

    /// Reports a quantisation that failed; true if it did not.
    pub(super) fn matrix_input(&self, loaded: Result<(), NotFinite>) -> bool {
        match loaded {
            Ok(()) => true,
            Err(fault) => {
                self.report(Point::MatrixInput, fault.vector);
                false
            }
        }
    }
}

impl Faults {
    pub(super) fn into_result(self) -> Result<(), NumericError> {
        match self.0.into_inner() {
            Ok(Some((layer, position, point))) => Err(NumericError::NotFinite {
                point,
                layer,
                position,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn any(&self) -> bool {
        self.0.lock().is_ok_and(|first| first.is_some())
    }
}
