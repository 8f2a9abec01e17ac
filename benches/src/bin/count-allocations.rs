//! Prints the row of the table on allocations. It is a program of its own because counting them takes time.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::alloc::System;
use std::error::Error;
use std::hint::black_box;

use arc_swap::ArcSwap;
use settings_benches::by_hand;
use settings_benches::ours::Ours;
use settings_core::Settings;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TIMES: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    Ours::init_blocking()?;
    let bare = ArcSwap::from_pointee(by_hand::from_env()?);
    let ours = count(|| Ours::get().port);
    let arc_swap = count(|| bare.load().port);
    println!("| allocations in {TIMES} `get()` | {ours} | | | | | {arc_swap} |");
    Ok(())
}

fn count<T>(work: impl Fn() -> T) -> usize {
    let region = Region::new(ALLOCATOR);
    for _ in 0..TIMES {
        black_box(work());
    }
    let change = region.change();
    change.allocations + change.reallocations
}
