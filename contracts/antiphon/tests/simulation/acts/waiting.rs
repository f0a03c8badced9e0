//! Time: blocks that follow each other, chains that halt, and the edges of windows.

use super::{Ledger, Player, Stage};
use crate::simulation::ledger::Moment;

const SECOND: u64 = 1_000_000_000;

impl Player {
    /// Blocks and nanoseconds that pass before the next operation.
    pub fn wait(&mut self, ledger: &Ledger) -> (u64, u64) {
        let unpublished = ledger
            .open()
            .filter(|task| task.stage == Stage::Drawing)
            .filter_map(|task| task.round().waits_for)
            .map(|round| ledger.published(round))
            .filter(|published| *published > ledger.now.seconds())
            .min();
        match self.chance.below(10_000) {
            0..6_800 => (0, 0),
            6_800..8_300 => {
                let blocks = self.chance.within(1, 3);
                (blocks, self.chance.below(6 * SECOND * blocks))
            }
            8_300..9_400 => match unpublished {
                Some(published) => (1, published * SECOND - ledger.now.nanos),
                None => (1, SECOND),
            },
            9_400..9_700 => self.edge_of_a_window(ledger),
            9_700..9_900 => self.end_of_a_wait(ledger),
            // The chain stands still, or runs while nobody looks.
            9_900..9_960 => (1, self.chance.below(3 * 86_400) * SECOND),
            9_960..9_990 => (self.chance.below(400), SECOND),
            _ => (17_280, 17_280 * SECOND),
        }
    }

    /// The last block of a window, or the first after it.
    fn edge_of_a_window(&mut self, ledger: &Ledger) -> (u64, u64) {
        let now = ledger.now;
        let windows = ledger.open().filter(|it| it.stage != Stage::Drawing);
        let mut edges: Vec<u64> = windows.map(|task| task.until).collect();
        for task in ledger.open().filter(|it| it.stage == Stage::Drawing) {
            edges.push(task.round().opened.height + ledger.rule_of(task).draw_window_blocks);
        }
        let called = ledger
            .tasks
            .iter()
            .filter_map(|task| task.callback.as_ref());
        edges.extend(called.filter_map(|callback| callback.deadline));
        edges.retain(|edge| *edge + 1 > now.height);
        edges.sort_unstable();
        let nearest = edges.len().min(3);
        let Some(edge) = self.chance.pick(&edges[..nearest]).copied() else {
            return (1, SECOND);
        };
        let height = edge + self.chance.below(2);
        let blocks = height.saturating_sub(now.height);
        let each = self
            .chance
            .weighted(&[(2, 0), (5, SECOND), (3, 5 * SECOND), (1, 60 * SECOND)]);
        (blocks, blocks * each)
    }

    /// When something can be claimed, or a jail opens.
    fn end_of_a_wait(&mut self, ledger: &Ledger) -> (u64, u64) {
        let Moment { nanos, .. } = ledger.now;
        let clocks = ledger.workers.values();
        let clocks = clocks.flat_map(|it| [Some(it.claimable), it.jailed_until]);
        let later: Vec<u64> = clocks.flatten().filter(|it| *it * SECOND > nanos).collect();
        match self.chance.pick(&later).copied() {
            Some(second) => {
                let at = second * SECOND - self.chance.below(2);
                (1, at - nanos)
            }
            None => (1, SECOND),
        }
    }
}
