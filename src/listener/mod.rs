//! A socket as a stranger without credentials finds it: TLS or not, which chain, which versions, who is let in.

pub mod certificate;
pub mod legacy;
pub mod stranger;
pub mod survey;
