//! How much work a component makes for the compiler, seen before it is compiled.
//!
//! The compiler's time and memory grow faster than a function does: by the square of the values that it keeps at once, and
//! by the product of its variables and the places where its paths meet. A file of eight kilobytes can ask for more memory
//! than there is, and no time-out comes in between. So what makes compiling that dear is bounded, far above what
//! compilers write: the largest known plugin, an interpreter of Python, is given with each bound.

use wasmparser::{
    BinaryReaderError, BlockType, CompositeInnerType, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator,
    OperatorsReader, Parser, Payload, TypeSectionReader, ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use crate::error::{Error, Result};

/// What a function, or a function's type, has of what makes compiling dear.
#[derive(Clone, Copy)]
enum Cost {
    /// Bytes of code.
    Code,
    /// Parameters and variables.
    Variables,
    /// Values that are kept at once besides the variables.
    Values,
    /// Blocks times the variables that may differ where their paths meet.
    Joins,
    /// Blocks that stand in each other.
    Depth,
    /// Values that are handed into and out of blocks, all blocks together.
    Handed,
    /// Places that its jumps by a table lead to.
    Targets,
    /// Parameters of a type.
    Parameters,
    /// Results of a type.
    Results,
}

impl Cost {
    /// What it is called, and how much of it there may be.
    fn bound(self) -> (&'static str, usize) {
        match self {
            // 430,000 in the interpreter.
            Self::Code => ("bytes of code", 2 << 20),
            // 273.
            Self::Variables => ("variables", 4000),
            // 54.
            Self::Values => ("values at once", 1000),
            // 68,000.
            Self::Joins => ("variables in all of its blocks together", 1_000_000),
            // 782.
            Self::Depth => ("blocks in each other", 3000),
            // None.
            Self::Handed => ("values handed to its blocks", 2000),
            // 15,800.
            Self::Targets => ("places to jump to", 200_000),
            // 18.
            Self::Parameters => ("parameters", 250),
            // 1.
            Self::Results => ("results", 16),
        }
    }
}

/// Looks at all of a component's code, and at the modules and components within it.
///
/// # Errors
/// If it isn't a valid component, or a function of it would be too much work.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let invalid = |e: BinaryReaderError| Error::plugin("this isn't a valid WebAssembly component").with_cause(e);
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut allocations = FuncValidatorAllocations::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        if let Payload::TypeSection(types) = &payload {
            types_fit(types).map_err(invalid)??;
        }
        if let ValidPayload::Func(function, body) = validator.payload(&payload).map_err(invalid)? {
            allocations = function_fits(function, &body, allocations).map_err(invalid)??;
        }
    }
    Ok(())
}

/// The outer error is the parser's, the inner one says what is too much.
type Fits<T> = std::result::Result<Result<T>, BinaryReaderError>;

fn fits(what: &dyn Fn() -> String, costs: &[(Cost, usize)]) -> Result<()> {
    for (cost, found) in costs {
        let (name, most) = cost.bound();
        if *found > most {
            return Err(Error::plugin(format!(
                "{} has {found} {name}: more than {most} are too much to compile",
                what()
            ))
            .with_hint("no compiler writes code like that; if it is honest, its author has to split it"));
        }
    }
    Ok(())
}

fn types_fit(types: &TypeSectionReader<'_>) -> Fits<()> {
    for group in types.clone() {
        for ty in group?.types() {
            let CompositeInnerType::Func(function) = &ty.composite_type.inner else { continue };
            let costs = [(Cost::Parameters, function.params().len()), (Cost::Results, function.results().len())];
            if let Err(error) = fits(&|| "a function's type in the component".to_owned(), &costs) {
                return Ok(Err(error));
            }
        }
    }
    Ok(Ok(()))
}

fn function_fits(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    allocations: FuncValidatorAllocations,
) -> Fits<FuncValidatorAllocations> {
    let what = format!("the function {} of a module in the component", function.index);
    let what = || what.clone();
    if let Err(error) = fits(&what, &[(Cost::Code, body.as_bytes().len())]) {
        return Ok(Err(error));
    }
    let mut validator = function.into_validator(allocations);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let variables = validator.len_locals() as usize;
    let mut operators = OperatorsReader::new(reader);
    let (mut values, mut blocks, mut handed, mut targets) = (0, 0, 0, 0);
    while !operators.eof() {
        let (operator, at) = operators.read_with_offset()?;
        match &operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                blocks += 1;
                if matches!(blockty, BlockType::FuncType(_)) {
                    // At least as many as the block takes.
                    handed += validator.operand_stack_height() as usize;
                }
            }
            Operator::TryTable { .. } => blocks += 1,
            Operator::BrTable { targets: table } => targets += table.len() as usize,
            _ => {}
        }
        validator.op(at, &operator)?;
        values = values.max(validator.operand_stack_height() as usize);
        let costs = [
            (Cost::Variables, variables),
            (Cost::Values, values),
            (Cost::Joins, blocks * variables),
            (Cost::Depth, validator.control_stack_height() as usize),
            (Cost::Handed, handed),
            (Cost::Targets, targets),
        ];
        if let Err(error) = fits(&what, &costs) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(validator.into_allocations()))
}
