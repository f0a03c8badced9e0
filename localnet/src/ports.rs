//! Ports of one network: those asked for are checked, the rest are taken from what is free.

use std::net::{Ipv4Addr, TcpListener};

use crate::error::{Doing, LocalnetError, Result};
use crate::options::Options;

/// Every port of a network, known to be free a moment ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) rpc: u16,
    pub(crate) p2p: u16,
    pub(crate) rest: u16,
    pub(crate) beacon: u16,
    pub(crate) workers: Vec<u16>,
    /// Of the gateway, if there is one.
    pub(crate) gateway: Option<u16>,
    /// Of the faucet, if there is one.
    pub(crate) faucet: Option<u16>,
}

/// Holds all ports at once while choosing, so that none is chosen twice.
pub(crate) fn choose(options: &Options) -> Result<Chosen> {
    let ports = &options.ports;
    let mut held = Vec::new();
    let mut take = |service: String, port: u16| {
        let listener = hold(&service, port)?;
        let port = listener
            .local_addr()
            .doing(|| format!("find a port for the {service}"))?
            .port();
        held.push(listener);
        Ok(port)
    };
    Ok(Chosen {
        rpc: take("chain's RPC".to_owned(), ports.rpc)?,
        p2p: take("chain's peers".to_owned(), ports.p2p)?,
        rest: take("chain's REST interface".to_owned(), ports.rest)?,
        beacon: take("beacon".to_owned(), ports.beacon)?,
        workers: (0..options.workers)
            .map(|index| take(format!("worker {index}"), port_of(ports.workers, index)?))
            .collect::<Result<_>>()?,
        gateway: options
            .has_gateway()
            .then(|| take("gateway".to_owned(), ports.gateway))
            .transpose()?,
        faucet: options
            .has_faucet()
            .then(|| take("faucet".to_owned(), ports.faucet))
            .transpose()?,
    })
}

fn hold(service: &str, port: u16) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Err(LocalnetError::PortTaken {
                service: service.to_owned(),
                port,
            })
        }
        other => other.doing(|| format!("listen on 127.0.0.1:{port} for the {service}")),
    }
}

/// The port of a worker: one after the other, or any.
fn port_of(first: u16, index: usize) -> Result<u16> {
    if first == 0 {
        return Ok(0);
    }
    let offset = u16::try_from(index).ok();
    offset
        .and_then(|offset| first.checked_add(offset))
        .ok_or(LocalnetError::Option {
            option: "worker port",
            got: format!("{first} + {index}"),
            want: "at most 65535",
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Ports;

    fn options(ports: Ports) -> Options {
        let parts = crate::Parts {
            wasmd: "wasmd".into(),
            contract: "contract".into(),
            model: "model".into(),
            bin_dir: "bin".into(),
        };
        Options {
            ports,
            ..Options::new(parts)
        }
    }

    #[test]
    fn a_taken_port_is_named_with_its_service_and_a_remedy() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let asked = Ports {
            rpc: port,
            ..Ports::default()
        };
        let error = choose(&options(asked)).unwrap_err();
        assert!(
            matches!(&error, LocalnetError::PortTaken { port: got, .. } if *got == port),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(
            text.contains("chain's RPC") && text.contains("another port"),
            "{text}"
        );
    }

    #[test]
    fn free_ports_are_all_different() {
        let mut options = options(Ports::default());
        options.web = Some("page".into());
        let chosen = choose(&options).unwrap();
        let mut all = chosen.workers;
        all.extend([chosen.rpc, chosen.p2p, chosen.rest, chosen.beacon]);
        all.extend(chosen.gateway.iter().chain(&chosen.faucet));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 11);
        assert!(!all.contains(&0));
    }

    #[test]
    fn a_port_nobody_listens_on_is_not_asked_for() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ports = Ports {
            gateway: other.local_addr().unwrap().port(),
            ..Ports::default()
        };
        let chosen = choose(&options(ports)).unwrap();
        assert_eq!((chosen.gateway, chosen.faucet), (None, None));
    }

    #[test]
    fn workers_follow_each_other() {
        assert_eq!(port_of(7400, 4).unwrap(), 7404);
        assert_eq!(port_of(0, 4).unwrap(), 0);
        assert!(port_of(65_535, 1).is_err());
    }
}
