//! What a carer and a client cost in memory, beside the visits themselves.
//!
//! `cargo bench --bench memory` fills three towns with the same number of visits, each in a process of its
//! own: one, one with ten times as many clients, and one with ten times as many carers as well. What a
//! process has grown by is resident memory, so all is counted: names of carers, clients, tags and devices,
//! timelines and what they keep room for, the counts of the four or five pay periods in a hundred days, who
//! used which device on which day, a home fact for each client, and what the allocator loses. The visits are
//! in all three alike, and cancel out.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod engine {
    pub mod town;
}

use std::process::Command;

use engine::town::{DAYS, Filled, Town};

/// Carers, their visits a day, their clients each.
const SMALL: [usize; 3] = [500, 10, 7];
const MORE_CLIENTS: [usize; 3] = [500, 10, 70];
const MORE_CARERS: [usize; 3] = [5000, 1, 7];

fn main() {
    let asked = std::env::var("MEMORY_TOWN").ok();
    if let Some(asked) = asked {
        let sizes: Vec<usize> = asked.split(' ').filter_map(|size| size.parse().ok()).collect();
        let town = Town::new(sizes[0], sizes[1], sizes[2]);
        let before = resident_bytes();
        let filled = Filled::new(town);
        println!("{}", resident_bytes() - before);
        drop(filled);
        return;
    }
    let [small, more_clients, more_carers] = [SMALL, MORE_CLIENTS, MORE_CARERS].map(measured);
    let visits = (SMALL[0] * SMALL[1] * DAYS) as f64;
    let clients = |[carers, _, each]: [usize; 3]| (carers * each) as f64;
    let client = (more_clients - small) / (clients(MORE_CLIENTS) - clients(SMALL));
    let carer = (more_carers - more_clients) / (MORE_CARERS[0] - MORE_CLIENTS[0]) as f64;
    let rest = small - client * clients(SMALL) - carer * SMALL[0] as f64;
    println!("| What | bytes |\n|---|---|");
    println!("| a client, without visits | {client:.0} |");
    println!("| a carer, without visits | {carer:.0} |");
    println!("| a visit, with its id and its places on two timelines | {:.0} |", rest / visits);
}

/// What a town of this size takes in a process of its own.
fn measured(sizes: [usize; 3]) -> f64 {
    let own = std::env::current_exe().expect("it runs");
    let output = Command::new(own)
        .env("MEMORY_TOWN", sizes.map(|size| size.to_string()).join(" "))
        .output()
        .expect("it can be run again");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("it prints a number")
}

/// Resident memory of this process.
fn resident_bytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: i64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    kib * 1024
}
