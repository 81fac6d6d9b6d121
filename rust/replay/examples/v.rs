//! Scratch.
fn main(){ for p in std::env::args().skip(1){ let t=std::time::Instant::now(); match ringrift_replay::verify_trace_file(p.as_ref()){Ok(r)=>{println!("{p}: games {} plies {} diffs {} in {:?}",r.games,r.plies,r.differences.len(),t.elapsed()); for d in r.differences.iter().take(4){println!("{d:?}");}},Err(e)=>println!("{e}")}}}
