//! `quorate inspect` on files of ZooKeeper: whole, and its log transaction by transaction.

use super::{CHUNK, InspectArgs, soundness};
use crate::cli::failure::{Failure, Kind};
use crate::cli::{Global, Shape, World, style};
use crate::offline::ZookeeperFilesReport;
use crate::offline::zookeeper::{ZookeeperLogLine, describe, play, read, touches};
use crate::render::{self, escape};
use std::io;
use std::path::Path;

pub(super) fn run(args: &InspectArgs, path: &Path, global: &Global, world: &World) -> Result<u8, Failure> {
    if args.log {
        return log(args, path, world);
    }
    let files = read(path, args.wal_dir.as_deref())?;
    let verdict = files.verdict;
    let mut out = Vec::new();
    match args.output {
        Shape::Table => render::write_zookeeper_files(&files, style(global, world), &mut out)?,
        Shape::Json => render::write_json(&ZookeeperFilesReport::new(files), &mut out)?,
    }
    world.print(&out)?;
    Ok(soundness(verdict))
}

fn log(args: &InspectArgs, path: &Path, world: &World) -> Result<u8, Failure> {
    if args.values {
        return Err(
            Failure::usage("--values is for files of etcd, and these are of ZooKeeper").hint("leave it out")
        );
    }
    if args.to.is_some_and(|to| to < args.from) {
        return Err(Failure::usage("--to is below --from"));
    }
    let mut out = Vec::with_capacity(CHUNK);
    if args.output == Shape::Table {
        render::write_zookeeper_log_header(&mut out)?;
    }
    let mut failed = None;
    let ending = play(path, args.wal_dir.as_deref(), args.from, &mut |file, record| {
        let operation = record.txn.as_ref().map(|txn| &txn.operation);
        let zxid = record.header.zxid.0;
        let of_type = |name: &String| operation.is_some_and(|operation| operation.kind.name() == name);
        let on_path =
            |prefix: &String| operation.is_none_or(|operation| touches(operation, prefix.as_bytes()));
        let wanted = zxid >= args.from
            && args.to.is_none_or(|to| zxid <= to)
            && (args.types.is_empty() || args.types.iter().any(of_type))
            && args.key.as_ref().is_none_or(on_path);
        if !wanted || failed.is_some() {
            return failed.is_none();
        }
        let written = line(args, describe(file, record), &mut out).and_then(|()| {
            if out.len() >= CHUNK {
                world.print_more(&out)?;
                out.clear();
            }
            Ok(())
        });
        failed = written.err();
        failed.is_none()
    })?;
    match failed.map_or_else(|| world.print_more(&out), Err) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
        other => other?,
    }
    for torn in &ending.torn {
        world.tell(&format!("note: {}", escape(torn)));
    }
    for damage in &ending.damages {
        world.tell(&format!("error: the log is damaged: {}", escape(damage)));
    }
    Ok(if ending.damages.is_empty() { 0 } else { Kind::Failed.code() })
}

fn line(args: &InspectArgs, told: ZookeeperLogLine, out: &mut Vec<u8>) -> io::Result<()> {
    match args.output {
        Shape::Table => render::write_zookeeper_log_line(&told, out),
        Shape::Json => render::write_json_line(&told, out),
    }
}
