//! Words that are stored and sent: an enum whose values are each written once, beside their word.

/// Declares such an enum, with `ALL` of its values in the order in which they are written, the
/// `name` of each and the value of a name (`from_name`).
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $type:ident {
            $($(#[$doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$doc])* $variant,)+
        }

        #[allow(dead_code)] // Not every word is listed, and not every word is read back.
        impl $type {
            /// Every value, in their order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The value of that word, if it has one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::domain::{CallResult, ErrandKind, EventType, ReleaseReason, Role, Status};

    #[test]
    fn a_word_leads_back_to_its_value_and_an_unknown_one_nowhere() {
        macro_rules! lead_back {
            ($($type:ident)*) => {$(
                for value in $type::ALL {
                    assert_eq!($type::from_name(value.name()), Some(value));
                }
                assert_eq!($type::from_name("a word of tomorrow"), None);
                assert!($type::ALL.is_sorted());
            )*};
        }
        lead_back!(CallResult ErrandKind EventType ReleaseReason Role Status);
    }
}
