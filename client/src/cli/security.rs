//! `antiphon security`: flags, and how the odds are shown.

use antiphon_api::{OddsInfo, SecurityResponse};

use super::shown;
use crate::error::ClientError;
use crate::network::Network;
use crate::output;
use crate::security::{self, SecurityView, one_in, percent};

/// `antiphon security`
#[derive(Debug, clap::Args)]
pub struct SecurityArgs {
    /// The model's id
    #[arg(long, value_name = "ID")]
    pub model: Option<u64>,
    /// Members of the committee: 5, 7, 9, 11 or 15; all of these if absent
    #[arg(long, value_name = "N")]
    pub committee: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn run(network: &Network, args: &SecurityArgs) -> Result<(), ClientError> {
    let view = security::view(network, args.model, args.committee).await?;
    shown(args.json, &view, show)
}

/// All sizes, for a question that is not asked yet.
pub(super) async fn list(
    network: &Network,
    model: Option<u64>,
    json: bool,
) -> Result<(), ClientError> {
    let view = security::view(network, model, None).await?;
    shown(json, &view, show_all)
}

fn show(view: &SecurityView) {
    match view.committees.as_slice() {
        [one] if view.refused.is_empty() => show_one(view, one),
        _ => show_all(view),
    }
}

fn show_one(view: &SecurityView, one: &SecurityResponse) {
    output::text(&format!(
        "model {}, committees of {}\n",
        view.model, one.committee
    ));
    for sentence in security::sentences(one, &view.denom) {
        output::text(&format!("{sentence}."));
    }
    output::text("");
    let row = |odds: &OddsInfo| {
        vec![
            format!(
                "{} of {} ({} %)",
                odds.dishonest_seats, one.seats, odds.dishonest_percent
            ),
            percent(odds.wrong),
            one_in(odds.wrong),
            percent(odds.blocked),
            one_in(odds.blocked),
        ]
    };
    let rows: Vec<_> = one.odds.iter().map(row).collect();
    output::table(
        &["dishonest seats", "P(wrong)", "", "P(blocked)", ""],
        &rows,
    );
}

/// Every size that can be had, the odds of each share side by side.
fn show_all(view: &SecurityView) {
    output::text(&format!(
        "model {}: a task that names no committee gets {} workers\n",
        view.model, view.usual
    ));
    let rows: Vec<_> = view.committees.iter().map(line).collect();
    let shares = view.committees.first().map_or(&[][..], |one| &one.odds);
    let mut head: Vec<String> = ["committee", "decide", "rounds", "appeal bond", "to corrupt"]
        .map(str::to_owned)
        .into();
    for what in ["wrong", "blocked"] {
        head.extend(
            shares
                .iter()
                .map(|odds| format!("{what} at {} %", odds.dishonest_percent)),
        );
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    output::table(&head, &rows);
    for size in &view.refused {
        output::note(&format!("\n{}: {}", size.committee, size.why));
    }
    output::note(
        "\nwrong: a dishonest quorum decides what it likes, if nobody appeals. blocked: the honest ones are no quorum. \
         Both if that share of the seats is dishonest and in league. `--committee N` tells more of one size",
    );
}

fn line(one: &SecurityResponse) -> Vec<String> {
    let bond = one.appeal_bond;
    let mut cells = vec![
        one.committee.to_string(),
        one.quorum.to_string(),
        one.rounds_possible.to_string(),
        bond.map_or_else(|| "—".to_owned(), |bond| bond.to_string()),
        one.cost_to_corrupt.to_string(),
    ];
    cells.extend(one.odds.iter().map(|odds| percent(odds.wrong)));
    cells.extend(one.odds.iter().map(|odds| percent(odds.blocked)));
    cells
}
