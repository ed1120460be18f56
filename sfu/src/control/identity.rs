//! A media node's name and its own signing key, made on the first start and kept in its data folder. The control plane is told the public
//! half once, by its settings.

use crate::secret::{self, SecretError};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, ThumbprintHash},
};
use std::path::Path;
use wire::{
    UnixMs,
    control::{LINK_AUDIENCE, LINK_TOKEN_LIFE_S_MAX, NodeClaims},
    grant::NODE_TYP,
    id::NodeId,
};
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("node.id holds no node's name")]
    Name,
    #[error("node.key holds no Ed25519 key")]
    Key,
    #[error("the node's token could not be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

pub struct Identity {
    pub node: NodeId,
    key: EncodingKey,
    kid: String,
    public: Vec<u8>,
}

impl Identity {
    pub fn open_or_create(folder: &Path) -> Result<Self, IdentityError> {
        let name = secret::read_or_create(&folder.join("node.id"), || Zeroizing::new(NodeId::fresh().to_string().into_bytes()))?;
        let node = std::str::from_utf8(&name).ok().and_then(|text| text.trim().parse().ok()).ok_or(IdentityError::Name)?;
        let pkcs8 = secret::read_or_create(&folder.join("node.key"), || {
            let pair = Ed25519KeyPair::generate().expect("the process has a source of randomness");
            // Version 1 of the format: the other one is not read as a JWK.
            Zeroizing::new(pair.to_pkcs8v1().expect("a key that was just made can be written").as_ref().to_vec())
        })?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| IdentityError::Key)?;
        let key = EncodingKey::from_ed_der(&pkcs8);
        let kid = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?.thumbprint(ThumbprintHash::SHA256)?;
        Ok(Self { node, key, kid, public: pair.public_key().as_ref().to_vec() })
    }

    /// The public key, 32 bytes in base64url: what the control plane's settings name beside the node's id.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.public)
    }

    /// Opens the link, once, within a minute.
    pub fn token(&self, now_ms: UnixMs) -> Result<String, IdentityError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(NODE_TYP.to_owned());
        header.kid = Some(self.kid.clone());
        let iat = now_ms.seconds();
        let claims = NodeClaims { aud: LINK_AUDIENCE.to_owned(), sub: self.node, iat, exp: iat + LINK_TOKEN_LIFE_S_MAX };
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode};

    #[test]
    fn a_node_keeps_its_name_and_key_and_proves_them() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::open_or_create(folder.path()).unwrap();
        let again = Identity::open_or_create(folder.path()).unwrap();
        assert_eq!((first.node, first.public_key()), (again.node, again.public_key()));
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.set_audience(&[LINK_AUDIENCE]);
        let key = DecodingKey::from_ed_der(&first.public);
        let token = decode::<NodeClaims>(again.token(UnixMs(5_000)).unwrap(), &key, &validation).unwrap();
        assert_eq!((token.claims.sub, token.claims.iat, token.claims.exp), (first.node, 5, 65));
        assert_eq!(token.header.typ.as_deref(), Some(NODE_TYP));
    }

    #[test]
    fn a_spoilt_key_is_an_error_and_not_a_new_identity() {
        let folder = tempfile::tempdir().unwrap();
        secret::read_or_create(&folder.path().join("node.key"), || Zeroizing::new(b"nonsense".to_vec())).unwrap();
        assert!(matches!(Identity::open_or_create(folder.path()), Err(IdentityError::Key)));
    }
}
