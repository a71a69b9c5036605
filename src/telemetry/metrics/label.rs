//! Labels whose values are known when the program is written.

use std::hash::Hash;

/// A metric label with a fixed set of values.
pub(super) trait Label: Copy + Eq + Hash + std::fmt::Debug + Send + Sync + 'static {
    /// The label's name in Prometheus.
    const KEY: &'static str;
    /// Every value that there is.
    const ALL: &'static [Self];

    /// The value as Prometheus sees it.
    fn as_str(self) -> &'static str;
}

/// Declares an enum that is a [`Label`], each value written once beside its text.
macro_rules! label {
    (
        $(#[$about:meta])*
        $name:ident is $key:literal {
            $($(#[$doc:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $crate::domain::words! {
            $(#[$about])*
            pub enum $name {
                $($(#[$doc])* $variant = $text,)+
            }
        }

        impl $crate::telemetry::metrics::label::Label for $name {
            const KEY: &'static str = $key;
            const ALL: &'static [Self] = &Self::ALL;

            fn as_str(self) -> &'static str {
                self.name()
            }
        }

        impl prometheus_client::encoding::EncodeLabelSet for $name {
            fn encode(
                &self,
                encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>,
            ) -> Result<(), std::fmt::Error> {
                use $crate::telemetry::metrics::label::Label;
                use prometheus_client::encoding::EncodeLabel;
                (Self::KEY, self.as_str()).encode(encoder.encode_label())
            }
        }
    };
}

pub(super) use label;
