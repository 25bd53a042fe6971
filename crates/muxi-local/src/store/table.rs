//! Rows in memory that know which of them have changed since they were last written.

use serde::{Serialize, de::DeserializeOwned};
use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::{Deref, DerefMut, RangeBounds},
};

/// Rows in the order of their keys. On disk, key and value are JSON.
pub(crate) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    /// The keys of rows that were changed or removed; `None` where there is no store to ask for them.
    changed: Option<BTreeSet<K>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), changed: None }
    }
}

// The values stay out: some are secret.
impl<K: fmt::Debug, V> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.rows.keys()).finish()
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    fn touch(&mut self, key: &K) {
        if let Some(changed) = &mut self.changed
            && !changed.contains(key)
        {
            changed.insert(key.clone());
        }
    }

    /// The row with that key.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.rows.get(key)
    }

    /// The row with that key, to be changed.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.rows.contains_key(key) {
            self.touch(key);
        }
        self.rows.get_mut(key)
    }

    /// Puts a row in place of the one with the same key.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.touch(&key);
        self.rows.insert(key, value)
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let row = self.rows.remove(key)?;
        self.touch(key);
        Some(row)
    }

    /// Takes the first row out.
    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        let (key, value) = self.rows.pop_first()?;
        self.touch(&key);
        Some((key, value))
    }

    /// Takes the rows out that `keep` does not want.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let changed = &mut self.changed;
        self.rows.retain(|key, value| {
            let kept = keep(key, value);
            if let (false, Some(changed)) = (kept, &mut *changed) {
                changed.insert(key.clone());
            }
            kept
        });
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Keys and rows.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter()
    }

    /// Keys and rows with keys in a range.
    pub(crate) fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range)
    }

    /// The keys.
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.rows.keys()
    }

    /// The rows.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values()
    }

    /// The first row that `wanted` picks, and its key.
    pub(crate) fn find(&self, wanted: impl Fn(&V) -> bool) -> Option<(&K, &V)> {
        self.rows.iter().find(|(_, value)| wanted(value))
    }
}

impl<V> Table<u64, V> {
    /// Adds a row behind all others; gives its number.
    pub(crate) fn push(&mut self, value: V) -> u64 {
        let number = self.rows.last_key_value().map_or(1, |(last, _)| last + 1);
        self.insert(number, value);
        number
    }
}

/// One value that is stored whole whenever it may have changed.
#[derive(Debug, Default)]
pub(crate) struct Whole<V> {
    value: V,
    changed: bool,
}

impl<V> Deref for Whole<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.value
    }
}

impl<V> DerefMut for Whole<V> {
    fn deref_mut(&mut self) -> &mut V {
        self.changed = true;
        &mut self.value
    }
}

impl<V: Serialize + DeserializeOwned> Rows for Whole<V> {
    fn track(&mut self) {}

    fn load(&mut self, _: &str, value: &str) -> serde_json::Result<()> {
        self.value = serde_json::from_str(value)?;
        Ok(())
    }

    fn take_changes(&mut self, change: &mut dyn FnMut(String, Option<String>)) -> serde_json::Result<()> {
        if self.changed {
            change(serde_json::to_string(&())?, Some(serde_json::to_string(&self.value)?));
            self.changed = false;
        }
        Ok(())
    }
}

/// A table as a store sees it.
pub(crate) trait Rows {
    /// From now on, remember which rows change.
    fn track(&mut self);
    /// Takes a stored row in.
    fn load(&mut self, key: &str, value: &str) -> serde_json::Result<()>;
    /// Hands every row that has changed since the last call to `change`: its key, and its value unless it is gone.
    fn take_changes(&mut self, change: &mut dyn FnMut(String, Option<String>)) -> serde_json::Result<()>;
}

impl<K, V> Rows for Table<K, V>
where
    K: Ord + Clone + Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    fn track(&mut self) {
        self.changed.get_or_insert_default();
    }

    fn load(&mut self, key: &str, value: &str) -> serde_json::Result<()> {
        self.rows.insert(serde_json::from_str(key)?, serde_json::from_str(value)?);
        Ok(())
    }

    fn take_changes(&mut self, change: &mut dyn FnMut(String, Option<String>)) -> serde_json::Result<()> {
        let Some(changed) = &mut self.changed else { return Ok(()) };
        while let Some(key) = changed.first() {
            let value = self.rows.get(key).map(serde_json::to_string).transpose()?;
            change(serde_json::to_string(key)?, value);
            changed.pop_first();
        }
        Ok(())
    }
}
