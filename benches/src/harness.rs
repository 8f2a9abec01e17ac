//! Ratios that hold on a busy machine: the contestants take turns in many short rounds, each round gives one ratio to
//! the yardstick, and the median of these counts.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 201;

/// How long one contestant runs in one round.
const TURN: Duration = Duration::from_micros(200);

/// One column of the table, and what it does.
pub struct Contestant<'a> {
    pub name: &'static str,
    /// Does the work so many times; how long that took.
    run: Box<dyn Fn(u32) -> Duration + 'a>,
}

/// What came out for one contestant.
pub struct Outcome {
    pub name: String,
    /// The median over the rounds of the ratio to the yardstick.
    pub ratio: f64,
    /// The time for the work once, in nanoseconds, in the fastest round.
    pub fastest: f64,
}

impl<'a> Contestant<'a> {
    /// Does the work on this thread.
    pub fn new<T>(name: &'static str, work: impl Fn() -> T + 'a) -> Self {
        Self { name, run: Box::new(move |times| time(&work, times)) }
    }

    /// Does the work on several threads at once, as often on each, and takes the mean of their times.
    pub fn on_threads<T>(threads: u32, name: &'static str, work: impl Fn() -> T + Sync + 'a) -> Self {
        let run = move |times| {
            let start = Barrier::new(threads as usize);
            let one = || {
                black_box(work()); // what is done once a thread is not what is measured
                start.wait();
                time(&work, times)
            };
            thread::scope(|scope| {
                let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
                running.into_iter().filter_map(|thread| thread.join().ok()).sum::<Duration>() / threads
            })
        };
        Self { name, run: Box::new(run) }
    }

    /// How often the work is done in one turn.
    fn times_in_a_turn(&self) -> u32 {
        let mut times = 1;
        while (self.run)(times) < TURN {
            times *= 2;
        }
        times
    }
}

fn time<T>(work: impl Fn() -> T, times: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(work());
    }
    start.elapsed()
}

/// Lets the contestants run against each other; the first is the yardstick.
pub fn compare(contestants: &[Contestant<'_>]) -> Vec<Outcome> {
    compare_in(ROUNDS, contestants)
}

/// The same in so many rounds, for what takes long.
pub fn compare_in(rounds: usize, contestants: &[Contestant<'_>]) -> Vec<Outcome> {
    let times: Vec<u32> = contestants.iter().map(Contestant::times_in_a_turn).collect();
    let measure = |i: usize| (contestants[i].run)(times[i]).as_secs_f64() * 1e9 / f64::from(times[i]);
    let round = |round| {
        let mut results = vec![0.0; contestants.len()];
        order(round, contestants.len()).for_each(|i| results[i] = measure(i));
        results
    };
    let rounds: Vec<Vec<f64>> = (0..rounds).map(round).collect();

    let outcome = |(i, contestant): (usize, &Contestant<'_>)| Outcome {
        name: contestant.name.to_owned(),
        ratio: median(rounds.iter().map(|results| results[i] / results[0]).collect()),
        fastest: rounds.iter().map(|results| results[i]).fold(f64::INFINITY, f64::min),
    };
    contestants.iter().enumerate().map(outcome).collect()
}

/// The first of each round moves on by one, and every other time all go backwards, so that nobody always follows
/// the same one.
fn order(round: usize, count: usize) -> impl Iterator<Item = usize> {
    let backwards = (round / count) % 2 == 1;
    (0..count).map(move |step| (round + step) % count).map(move |i| if backwards { count - 1 - i } else { i })
}

/// The value in the middle, the upper of two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_goes_once_a_round_and_first_as_often_as_the_others() {
        let mut first = [0; 3];
        for round in 0..6 {
            let order: Vec<usize> = order(round, 3).collect();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
            first[order[0]] += 1;
        }
        assert_eq!(first, [2, 2, 2]);
    }

    #[test]
    fn work_that_is_done_thrice_takes_three_times_as_long() {
        let work = || (0..2000_u32).map(black_box).sum::<u32>();
        let thrice = move || work() + work() + work();
        let outcomes = compare(&[Contestant::new("once", work), Contestant::new("thrice", thrice)]);
        assert!((outcomes[0].ratio - 1.0).abs() < f64::EPSILON);
        assert!((2.5..3.5).contains(&outcomes[1].ratio), "{}", outcomes[1].ratio);
    }
}
