//! A certificate for stacks that want it from files.

use std::io;
use std::path::PathBuf;

/// A self-signed certificate for `localhost` and its key, each in a PEM file of its own. The files go with it.
#[derive(Debug)]
pub struct Certificate {
    /// Where the certificate is.
    pub certificate: PathBuf,
    /// Where its key is.
    pub key: PathBuf,
}

impl Certificate {
    /// Makes one, in a folder of this process for `name` below the temporary folder.
    ///
    /// # Errors
    ///
    /// When the files cannot be written.
    pub fn make(name: &str) -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
            .map_err(io::Error::other)?;
        let folder =
            std::env::temp_dir().join(format!("streamproof-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, made.cert.pem())?;
        std::fs::write(&key, made.signing_key.serialize_pem())?;
        Ok(Self { certificate, key })
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        if let Some(folder) = self.key.parent() {
            // What cannot be removed stays in the temporary folder.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
