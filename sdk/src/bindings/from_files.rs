//! The capability "from-files": a plugin exports it or hasn't got it.

wit_bindgen::generate!({
    path: ["../wit/host/0.1.0", "../wit/postgres/0.1.0", "../wit/engine/0.1.0"],
    inline: "
        package cofferdam:sdk-from-files;
        world from-files-exports { export cofferdam:engine/from-files@0.1.0; }
    ",
    with: {
        "cofferdam:host/types@0.1.0": crate::bindings::services::cofferdam::host::types,
        "cofferdam:engine/units@0.1.0": crate::bindings::services::cofferdam::engine::units,
        "cofferdam:engine/from-files@0.1.0": generate,
    },
    additional_derives: [Clone],
    pub_export_macro: true,
});
