//! The load generator: clients on one thread that ask through a proxy, and what it cost both.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use tamis_bench::client::{Client, Plan, Tls, Via};
use tamis_bench::cpu;
use tamis_bench::tally::Tally;
use tokio::io::AsyncReadExt;
use tokio::task::{JoinSet, LocalSet};

/// How long clients ask before it counts: connections are open then, buffers and pools have their size.
const WARM_UP: Duration = Duration::from_millis(150);
/// How long a client waits after a failure, so that failing is not what it does all the time.
const AFTER_FAILURE: Duration = Duration::from_millis(5);
/// How long a client beside the others waits between its requests.
const NOW_AND_THEN: Duration = Duration::from_millis(3);
/// How many connections are opened at a time when very many are to be held.
const OPENING: usize = 16;
/// Of the connections that were held, each so-many-th is asked whether it lives.
const SAMPLE: usize = 50;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Ask for some seconds, after a warm-up.
    For {
        #[command(flatten)]
        load: Load,
        /// How long, in seconds.
        #[arg(long)]
        seconds: f64,
    },
    /// Ask so many times, all of which count.
    Times {
        #[command(flatten)]
        load: Load,
        #[arg(long)]
        requests: usize,
    },
    /// Ask once on each of many connections, hold them until a byte comes on standard input, and see which live.
    Hold {
        #[command(flatten)]
        load: Load,
    },
    /// Ask nothing, and watch what the proxy does meanwhile.
    Idle {
        #[arg(long)]
        process: u32,
        #[arg(long)]
        seconds: f64,
    },
}

#[derive(Debug, clap::Args)]
struct Load {
    /// Where connections go.
    #[arg(long)]
    proxy: SocketAddr,
    #[arg(long)]
    via: Via,
    #[arg(long)]
    origin: SocketAddr,
    #[arg(long)]
    path: String,
    #[arg(long)]
    connections: usize,
    /// Open a connection for each request.
    #[arg(long)]
    fresh: bool,
    /// The proxy's process, whose CPU time is read with that of its descendants.
    #[arg(long)]
    process: u32,
    #[command(flatten)]
    tls: Tls,
    /// Ask now and then on a connection of its own too, to see whether that is held up.
    #[arg(long)]
    beside: bool,
}

impl Load {
    fn plan(&self) -> io::Result<Plan> {
        Plan::new(self.proxy, self.via, self.origin, &self.path, &self.tls)
    }
}

fn main() -> io::Result<()> {
    let mode = Arguments::parse().mode;
    tamis_bench::raise_open_files()?;
    tamis_bench::run(LocalSet::new().run_until(async {
        match mode {
            Mode::For { load, seconds } => ask_for(&load, Duration::from_secs_f64(seconds)).await?,
            Mode::Times { load, requests } => ask_times(&load, requests).await?,
            Mode::Hold { load } => hold(&load).await?,
            Mode::Idle { process, seconds } => idle(process, Duration::from_secs_f64(seconds)).await,
        }
        Ok(())
    }))
}

/// What the clients of a run share.
struct Run {
    plan: Plan,
    fresh: bool,
    tally: RefCell<Tally>,
    /// How many requests may still begin.
    left: Cell<usize>,
}

impl Run {
    fn new(load: &Load, requests: usize) -> io::Result<Rc<Self>> {
        let (plan, left) = (load.plan()?, Cell::new(requests));
        Ok(Rc::new(Self { plan, fresh: load.fresh, tally: RefCell::default(), left }))
    }

    /// One client that keeps its connection and asks now and then, as long as it is let.
    async fn beside(self: Rc<Self>) {
        let (plan, mut client) = (self.plan.beside(), Client::default());
        // What opening takes is not what is asked about.
        drop(client.ask(&plan, |_| {}).await);
        loop {
            tokio::time::sleep(NOW_AND_THEN).await;
            match client.ask(&plan, |_| {}).await {
                Ok(took) => self.tally.borrow_mut().add_beside(took.whole),
                Err(error) => self.tally.borrow_mut().failed(&error),
            }
        }
    }

    /// One client, as long as requests are left.
    async fn client(self: Rc<Self>) {
        let mut client = Client::default();
        while let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            let took = client.ask(&self.plan, |bytes| self.tally.borrow_mut().bytes += bytes).await;
            match took {
                Ok(took) => {
                    let mut tally = self.tally.borrow_mut();
                    tally.add(took.whole, took.first_byte);
                    tally.reopened += u64::from(took.reopened);
                }
                Err(error) => {
                    self.tally.borrow_mut().failed(&error);
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
            if self.fresh {
                client.forget();
            }
        }
    }
}

async fn ask_for(load: &Load, window: Duration) -> io::Result<()> {
    let run = Run::new(load, usize::MAX)?;
    for _ in 0..load.connections {
        tokio::task::spawn_local(Rc::clone(&run).client());
    }
    tokio::time::sleep(WARM_UP).await;
    let processes = cpu::Tree::of(load.process);
    run.tally.take();
    let (begun, before) = (Instant::now(), processes.used());
    tokio::time::sleep(window).await;
    let (tally, seconds, used) = (run.tally.take(), begun.elapsed(), processes.used());
    println!("{}", tally.report(seconds, used.since(&before)));
    // The exchanges under way are dropped with the process.
    Ok(())
}

async fn ask_times(load: &Load, requests: usize) -> io::Result<()> {
    let run = Run::new(load, requests)?;
    if load.beside {
        tokio::task::spawn_local(Rc::clone(&run).beside());
    }
    let processes = cpu::Tree::of(load.process);
    let (begun, before) = (Instant::now(), processes.used());
    let clients: Vec<_> = (0..load.connections).map(|_| tokio::task::spawn_local(Rc::clone(&run).client())).collect();
    for client in clients {
        // A client that panicked is missing in the counts.
        drop(client.await);
    }
    let used = processes.used().since(&before);
    println!("{}", run.tally.take().report(begun.elapsed(), used));
    Ok(())
}

/// Says "held=N" when all is open, and "alive=N" and "asked=N" at the end.
async fn hold(load: &Load) -> io::Result<()> {
    let plan = Rc::new(load.plan()?);
    let mut held: Vec<Client> = Vec::with_capacity(load.connections);
    let mut opening = JoinSet::new();
    let mut to_open = load.connections;
    loop {
        while to_open > 0 && opening.len() < OPENING {
            to_open -= 1;
            let plan = Rc::clone(&plan);
            opening.spawn_local(async move {
                let mut client = Client::default();
                client.ask(&plan, |_| {}).await.is_ok().then_some(client)
            });
        }
        let Some(opened) = opening.join_next().await else { break };
        // Held without its buffer, which is the generator's own.
        held.extend(opened.ok().flatten().filter(Client::is_connected).map(Client::without_buffer));
    }
    println!("held={}", held.len());
    // Its end will do as well.
    drop(tokio::io::stdin().read_u8().await);
    let (mut alive, mut asked) = (0, 0);
    for client in held.iter_mut().step_by(SAMPLE) {
        asked += 1;
        alive += usize::from(client.ask(&plan, |_| {}).await.is_ok_and(|took| !took.reopened));
    }
    println!("alive={alive}\nasked={asked}");
    Ok(())
}

async fn idle(process: u32, window: Duration) {
    let processes = cpu::Tree::of(process);
    let (begun, before) = (Instant::now(), processes.used());
    tokio::time::sleep(window).await;
    println!("{}", Tally::default().report(begun.elapsed(), processes.used().since(&before)));
}
