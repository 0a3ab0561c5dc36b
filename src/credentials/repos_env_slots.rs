//! `repos.env` as rotations and exchanges with Secrets Manager use it.

use jiff::Timestamp;

use super::exchange::EditableFile;
use super::repos_env::{Document, EnvFile};
use super::rotation::Slots;
use super::values::Values;
use crate::domain::credentials::Secret;

impl Slots for Document {
    fn value(&self, name: &str) -> Option<&Secret> {
        self.get(name)
    }

    fn put(&mut self, name: &str, value: &Secret) -> anyhow::Result<()> {
        self.set(name, value)?;
        Ok(())
    }

    fn take_out(&mut self, name: &str) {
        self.remove(name);
    }
}

impl EditableFile for EnvFile {
    fn place(&self) -> String {
        EnvFile::place(self)
    }

    fn values(&self) -> anyhow::Result<Values> {
        let mut values = Values::default();
        for entry in self.read()?.entries() {
            values.set(&entry.key, Secret::new(entry.value.expose()));
        }
        Ok(values)
    }

    fn edit(
        &self,
        change: &mut dyn FnMut(&mut dyn Slots) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        EnvFile::edit(self, Timestamp::now(), |document| change(document))
    }
}
