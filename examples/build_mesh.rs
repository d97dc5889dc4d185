//! Makes the built-in MeSH: `build_mesh OUT.zst YEAR FILE... [-- EARLIER FILE...]`. Names and UIs of earlier
//! years are kept with the record that has them now.

use std::path::Path;

use medvec::ingest::mesh::MeshSource;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, year, files @ ..] = arguments.as_slice() else {
        return Err("usage: build_mesh OUT.zst YEAR FILE... [-- EARLIER FILE...]".into());
    };
    let mut years = files.split(|file| file == "--");
    let mut source = MeshSource::default();
    for file in years.next().unwrap_or_default() {
        source.add_file(Path::new(file))?;
    }
    for file in years.flatten() {
        let mut earlier = MeshSource::default();
        earlier.add_file(Path::new(file))?;
        source.remember(earlier);
    }
    let bytes = medvec::mesh::build(year.parse()?, source.finish())?;
    let packed = zstd::bulk::compress(&bytes, 22)?;
    println!("{} bytes, packed {}", bytes.len(), packed.len());
    std::fs::write(out, packed)?;
    Ok(())
}
