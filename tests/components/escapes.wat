;; What a terminal would obey and a reader can't see, wherever an instance is described.
(module
    (data (i32.const 0) "%text%")
    (func $inspect (param i32) (result i32)
        ;; ok: version, one database, one extra
        (i32.store (i32.const 1300) (i32.const 0))
        (i32.store (i32.const 1304) (i32.const 0)) (i32.store (i32.const 1308) (i32.const %length%))
        (i32.store (i32.const 1312) (i32.const 1400)) (i32.store (i32.const 1316) (i32.const 1))
        (i32.store (i32.const 1320) (i32.const 1500)) (i32.store (i32.const 1324) (i32.const 1))
        ;; the database's name, no size, no extra
        (i32.store (i32.const 1400) (i32.const 0)) (i32.store (i32.const 1404) (i32.const %length%))
        (i64.store (i32.const 1408) (i64.const 0)) (i64.store (i32.const 1416) (i64.const 0))
        (i64.store (i32.const 1424) (i64.const 0))
        ;; a name and a value
        (i32.store (i32.const 1500) (i32.const 0)) (i32.store (i32.const 1504) (i32.const %length%))
        (i32.store (i32.const 1508) (i32.const 0)) (i32.store (i32.const 1512) (i32.const %length%))
        (i32.const 1300)))
