//! The database file: one table of rows, written in transactions.

use super::{Change, Row};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, params};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The steps from an empty file to the format of today. A file says in `user_version` how many of them it has taken.
/// Steps are only ever added; one that is out must stay as it is.
const MIGRATIONS: &[&str] = &["CREATE TABLE rows (
        scope TEXT NOT NULL,
        area TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (scope, area, key)
    ) STRICT"];

/// The mark of a file that is a database of this program: `MUXI`.
const APPLICATION: i32 = 0x4d55_5849;

/// The time to wait for another program that has the file open.
const BUSY: Duration = Duration::from_secs(1);

/// An open database.
pub(super) struct Database {
    path: PathBuf,
    connection: Connection,
}

impl Database {
    /// Opens the file, made where it is missing, and brings it to the format of today. The error names the file.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let named = |error: String| format!("{}: {error}", path.display());
        private_file(path).map_err(|error| named(error.to_string()))?;
        let mut connection = Connection::open(path).map_err(|error| named(explain(&error)))?;
        connection.busy_timeout(BUSY).map_err(|error| named(explain(&error)))?;
        prepare(&mut connection, MIGRATIONS).map_err(named)?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Writes the changes in one transaction: when this returns, all of them are on the disk, or none.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), String> {
        let write = || {
            let transaction = self.connection.transaction()?;
            changes.iter().try_for_each(|change| apply(&transaction, change))?;
            transaction.commit()
        };
        let result: rusqlite::Result<()> = { write }();
        result.map_err(|error| format!("{}: {}", self.path.display(), explain(&error)))
    }

    /// The rows of a scope.
    pub(super) fn read(&self, scope: &str) -> Result<Vec<Row>, String> {
        let read = || {
            let mut statement = self.connection.prepare_cached("SELECT area, key, value FROM rows WHERE scope = ?1")?;
            let row = |row: &rusqlite::Row<'_>| Ok(Row { area: row.get(0)?, key: row.get(1)?, value: row.get(2)? });
            statement.query_map([scope], row)?.collect()
        };
        let result: rusqlite::Result<Vec<Row>> = read();
        result.map_err(|error| format!("{}: {}", self.path.display(), explain(&error)))
    }
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Row { scope, area, key, value: Some(value) } => transaction
            .prepare_cached(
                "INSERT INTO rows (scope, area, key, value) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (scope, area, key) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![scope, area, key, value])?,
        Change::Row { scope, area, key, value: None } => transaction
            .prepare_cached("DELETE FROM rows WHERE scope = ?1 AND area = ?2 AND key = ?3")?
            .execute(params![scope, area, key])?,
        Change::Clear { scope } => {
            transaction.prepare_cached("DELETE FROM rows WHERE scope GLOB ?1")?.execute([scope])?
        }
    };
    Ok(())
}

/// Checks whose file it is, and takes the steps that it lacks.
fn prepare(connection: &mut Connection, migrations: &[&str]) -> Result<(), String> {
    let number = |connection: &Connection, name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(|error| explain(&error))
    };
    let taken = number(connection, "user_version")?;
    let empty = connection.query_row("SELECT 1 FROM sqlite_schema", [], |_| Ok(())).optional();
    let empty = empty.map_err(|error| explain(&error))?.is_none();
    if number(connection, "application_id")? != APPLICATION && !empty {
        return Err("is a database of another program. Choose another folder.".to_owned());
    }
    let newest = migrations.len();
    let taken = usize::try_from(taken).ok().filter(|taken| *taken <= newest).ok_or_else(|| {
        format!(
            "was written by a newer muxi-local (format {taken}; this one knows {newest}). \
             Use that version, or choose another folder."
        )
    })?;
    let migrate = || {
        // A commit returns when the disk has it: the process and the machine may end at any time.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        migrations.iter().skip(taken).try_for_each(|step| transaction.execute_batch(step))?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", i64::try_from(newest).unwrap_or(i64::MAX))?;
        transaction.commit()
    };
    let result: rusqlite::Result<()> = { migrate }();
    result.map_err(|error| explain(&error))
}

fn explain(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            format!("is damaged or no database ({error}). Restore it, or move it away to start afresh.")
        }
        _ => error.to_string(),
    }
}

/// Makes the file, for its owner only: secrets are in it as they are. The files that SQLite puts beside it get the
/// same mode.
fn private_file(path: &Path) -> io::Result<()> {
    let mut options = fs::File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Connection, MIGRATIONS, prepare};

    #[test]
    fn a_file_of_format_1_takes_only_the_steps_that_it_lacks() {
        let mut connection = Connection::open_in_memory().unwrap();
        prepare(&mut connection, MIGRATIONS).unwrap();
        connection.execute("INSERT INTO rows VALUES ('live/demo', 'secrets', '\"A\"', '\"x\"')", []).unwrap();
        let later = [MIGRATIONS, &["ALTER TABLE rows ADD COLUMN changed INTEGER NOT NULL DEFAULT 7"]].concat();
        prepare(&mut connection, &later).unwrap();
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let kept = connection.query_row("SELECT value, changed FROM rows", [], row).unwrap();
        assert_eq!(kept, ("\"x\"".to_owned(), 7));
        let error = prepare(&mut connection, MIGRATIONS).unwrap_err();
        assert!(error.contains("newer muxi-local (format 2; this one knows 1)"), "{error}");
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        prepare(&mut connection, MIGRATIONS).unwrap();
        let broken = [MIGRATIONS, &["CREATE TABLE more (a)", "CREATE TABLE rows (a)"]].concat();
        prepare(&mut connection, &broken).unwrap_err();
        prepare(&mut connection, MIGRATIONS).unwrap();
    }
}
