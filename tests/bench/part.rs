//! The parts of the mix: each is a database of its own, and one database has them all.

use std::path::{Path, PathBuf};

use cofferdam_tests::error::Result;
use cofferdam_tests::servers::Postgresql;

/// A part of the mix, and the database that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One big table.
    Big,
    /// A hundred middling tables.
    Middling,
    /// Ten thousand tiny tables.
    Tiny,
    /// All of them in one database.
    All,
}

impl Part {
    /// All parts, in the order in which they are measured.
    pub const EVERY: [Self; 4] = [Self::Big, Self::Middling, Self::Tiny, Self::All];

    /// Its name, and that of its database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Big => "big",
            Self::Middling => "middling",
            Self::Tiny => "tiny",
            Self::All => "all",
        }
    }

    fn files(self) -> impl Iterator<Item = PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/parts");
        let parts =
            Self::EVERY.into_iter().filter(move |part| *part != Self::All && (self == Self::All || self == *part));
        parts.map(move |part| folder.join(part.name()).with_extension("sql"))
    }

    /// Makes the part's database on `server`.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn load(self, server: &Postgresql, scale: f64) -> Result<()> {
        server.create_database(self.name())?;
        for file in self.files() {
            server.run(self.name(), &file, &[("scale", &scale.to_string())])?;
        }
        server.sql(self.name(), "VACUUM ANALYZE").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_mix_has_every_part_once() {
        assert_eq!(Part::All.files().count(), 3);
        assert!(Part::Tiny.files().eq([Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/parts/tiny.sql")]));
    }
}
