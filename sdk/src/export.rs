//! The macro that makes an engine a component.

/// Makes a type the component: `export!(Type: backup, restore);`.
///
/// The type implements [`Engine`](crate::engine::Engine), and the trait of each capability that is named: `backup`,
/// `restore`, `clone`, `to_files`, `from_files`. The component exports `cofferdam:engine/instance` and what is named, nothing else.
#[cfg(target_family = "wasm")]
#[macro_export]
macro_rules! export {
    ($engine:ident $(: $($capability:ident),+)?) => {
        const _: () = {
            #[allow(dead_code, reason = "only what is exported uses it")]
            type Exported = $crate::Plugin<$engine>;
            $crate::bindings::instance::export!(Exported with_types_in $crate::bindings::instance);
            $($($crate::bindings::$capability::export!(Exported with_types_in $crate::bindings::$capability);)+)?
        };
    };
}

/// Makes a type the component, on targets for WebAssembly; here it only says that the type is an engine.
#[cfg(not(target_family = "wasm"))]
#[macro_export]
macro_rules! export {
    ($engine:ident $(: $($capability:ident),+)?) => {
        const _: fn() = || {
            fn is_an_engine<E: $crate::engine::Engine>() {}
            is_an_engine::<$engine>();
        };
    };
}
