//! An answer, a refusal, or why nobody was asked.

use crate::fault::Fault;

/// What became of a question.
#[derive(Debug, Clone)]
pub enum Asked<T> {
    /// Nobody was asked, and why: it does not apply here, or what it rests on failed.
    Not(String),
    Refused(Told),
    Answered(T),
}

/// A fault as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub code: &'static str,
    pub text: String,
    pub because: Vec<String>,
    pub hint: Option<String>,
}

impl<T> Asked<T> {
    pub fn not(why: impl Into<String>) -> Self {
        Self::Not(why.into())
    }

    pub fn of<F: std::ops::Deref<Target = dyn Fault>>(answer: Result<T, F>) -> Self {
        match answer {
            Ok(answer) => Self::Answered(answer),
            Err(fault) => Self::Refused(Told::from(&*fault)),
        }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Asked<U> {
        match self {
            Self::Answered(answer) => Asked::Answered(change(answer)),
            Self::Refused(told) => Asked::Refused(told),
            Self::Not(why) => Asked::Not(why),
        }
    }

    pub fn as_ref(&self) -> Asked<&T> {
        match self {
            Self::Answered(answer) => Asked::Answered(answer),
            Self::Refused(told) => Asked::Refused(told.clone()),
            Self::Not(why) => Asked::Not(why.clone()),
        }
    }

    pub fn answer(&self) -> Option<&T> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Not(_) | Self::Refused(_) => None,
        }
    }

    pub fn refusal(&self) -> Option<&Told> {
        match self {
            Self::Refused(told) => Some(told),
            Self::Not(_) | Self::Answered(_) => None,
        }
    }

    /// Why a question that rests on this one cannot be asked; none when it can.
    pub fn obstacle(&self, what: &str) -> Option<String> {
        match self {
            Self::Answered(_) => None,
            Self::Not(why) => Some(why.clone()),
            Self::Refused(_) => Some(format!("{what} first")),
        }
    }
}

impl Told {
    /// No answer came, as from a host that is not there.
    pub fn is_silence(&self) -> bool {
        self.code.starts_with("http-")
    }
}

impl From<&dyn Fault> for Told {
    fn from(fault: &dyn Fault) -> Self {
        let (text, because, hint) = (fault.to_string(), fault.because(), fault.hint());
        Self { code: fault.code(), text, because, hint }
    }
}

impl<F: Fault> From<F> for Told {
    fn from(fault: F) -> Self {
        Self::from(&fault as &dyn Fault)
    }
}
