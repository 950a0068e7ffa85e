/// What the methods cost and scored. `Examples/methods/run` writes this file and Examples/methods/table.json, its source.
enum MethodTable {
    static let json = #"""
        {
          "dev": 200,
          "epochs": 3,
          "length": 64,
          "methods": {
            "bitfit": {
              "bytes": 102912,
              "differences": {
                "lora": {
                  "interval": [
                    -0.01233,
                    0.0063
                  ],
                  "mean": -0.00283
                },
                "seq_bn": {
                  "interval": [
                    -0.01357,
                    0.00465
                  ],
                  "mean": -0.00433
                }
              },
              "mb": 297.7,
              "parameters": 25728,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.81881,
                "role": 0.72389,
                "use": 0.67321,
                "works-with": 0.80963
              },
              "tokens_per_second": 8901
            },
            "compacter": {
              "bytes": 57280,
              "differences": {
                "lora": {
                  "interval": [
                    -0.02402,
                    -0.0037
                  ],
                  "mean": -0.01388
                },
                "seq_bn": {
                  "interval": [
                    -0.02401,
                    -0.00658
                  ],
                  "mean": -0.01538
                }
              },
              "mb": 260.1,
              "parameters": 14320,
              "rates": {
                "interface": "8e-3",
                "role": "3e-2",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.82711,
                "role": 0.67722,
                "use": 0.66667,
                "works-with": 0.81036
              },
              "tokens_per_second": 8750
            },
            "compacter++": {
              "bytes": 28768,
              "differences": {
                "lora": {
                  "interval": [
                    -0.01231,
                    0.00624
                  ],
                  "mean": -0.00284
                },
                "seq_bn": {
                  "interval": [
                    -0.01295,
                    0.00424
                  ],
                  "mean": -0.00434
                }
              },
              "mb": 232.2,
              "parameters": 7192,
              "rates": {
                "interface": "8e-3",
                "role": "3e-2",
                "use": "3e-2",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.82296,
                "role": 0.74944,
                "use": 0.65298,
                "works-with": 0.80015
              },
              "tokens_per_second": 9543
            },
            "direft": {
              "bytes": 18456,
              "differences": {
                "lora": {
                  "interval": [
                    -0.04221,
                    -0.0199
                  ],
                  "mean": -0.03088
                },
                "seq_bn": {
                  "interval": [
                    -0.04212,
                    -0.0226
                  ],
                  "mean": -0.03238
                }
              },
              "mb": 227.8,
              "parameters": 4614,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.8036,
                "role": 0.66333,
                "use": 0.65357,
                "works-with": 0.79285
              },
              "tokens_per_second": 9298
            },
            "dora": {
              "bytes": 313344,
              "differences": {
                "lora": {
                  "interval": [
                    -0.00043,
                    0.00766
                  ],
                  "mean": 0.0035
                },
                "seq_bn": {
                  "interval": [
                    -0.00711,
                    0.0111
                  ],
                  "mean": 0.002
                }
              },
              "mb": 293.8,
              "parameters": 78336,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "2e-3"
              },
              "scores": {
                "interface": 0.83195,
                "role": 0.73667,
                "use": 0.67262,
                "works-with": 0.80963
              },
              "tokens_per_second": 8925
            },
            "double_seq_bn": {
              "bytes": 904320,
              "differences": {
                "lora": {
                  "interval": [
                    -0.00382,
                    0.01476
                  ],
                  "mean": 0.00535
                },
                "seq_bn": {
                  "interval": [
                    -0.00396,
                    0.01178
                  ],
                  "mean": 0.00385
                }
              },
              "mb": 260.4,
              "parameters": 226080,
              "rates": {
                "interface": "2e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.82711,
                "role": 0.73944,
                "use": 0.67917,
                "works-with": 0.81255
              },
              "tokens_per_second": 9160
            },
            "double_seq_bn_inv": {
              "bytes": 1201536,
              "differences": {
                "lora": {
                  "interval": [
                    -0.00083,
                    0.01788
                  ],
                  "mean": 0.00862
                },
                "seq_bn": {
                  "interval": [
                    -0.00051,
                    0.01499
                  ],
                  "mean": 0.00712
                }
              },
              "mb": 271.3,
              "parameters": 300384,
              "rates": {
                "interface": "2e-3",
                "role": "2e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.82849,
                "role": 0.73167,
                "use": 0.68988,
                "works-with": 0.8213
              },
              "tokens_per_second": 8451
            },
            "ia3": {
              "bytes": 55296,
              "differences": {
                "lora": {
                  "interval": [
                    -0.02471,
                    -0.00549
                  ],
                  "mean": -0.01494
                },
                "seq_bn": {
                  "interval": [
                    -0.02528,
                    -0.00758
                  ],
                  "mean": -0.01644
                }
              },
              "mb": 299.6,
              "parameters": 13824,
              "rates": {
                "interface": "8e-3",
                "role": "3e-2",
                "use": "3e-2",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.81881,
                "role": 0.72833,
                "use": 0.62619,
                "works-with": 0.80379
              },
              "tokens_per_second": 9091
            },
            "ln_tuning": {
              "bytes": 39936,
              "differences": {
                "lora": {
                  "interval": [
                    -0.00829,
                    0.00941
                  ],
                  "mean": 0.00046
                },
                "seq_bn": {
                  "interval": [
                    -0.00888,
                    0.00674
                  ],
                  "mean": -0.00104
                }
              },
              "mb": 255.6,
              "parameters": 9984,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.83264,
                "role": 0.72389,
                "use": 0.66964,
                "works-with": 0.81255
              },
              "tokens_per_second": 9040
            },
            "lora": {
              "bytes": 294912,
              "mb": 249.1,
              "parameters": 73728,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "2e-3"
              },
              "scores": {
                "interface": 0.82918,
                "role": 0.73556,
                "use": 0.6625,
                "works-with": 0.80963
              },
              "tokens_per_second": 9003
            },
            "lora_plus": {
              "bytes": 294912,
              "differences": {
                "lora": {
                  "interval": [
                    -0.06203,
                    -0.04036
                  ],
                  "mean": -0.05128
                },
                "seq_bn": {
                  "interval": [
                    -0.06423,
                    -0.04144
                  ],
                  "mean": -0.05278
                }
              },
              "mb": 249.2,
              "parameters": 73728,
              "rates": {
                "interface": "2e-3",
                "role": "2e-3",
                "use": "2e-3",
                "works-with": "2e-3"
              },
              "scores": {
                "interface": 0.79253,
                "role": 0.59722,
                "use": 0.64405,
                "works-with": 0.79796
              },
              "tokens_per_second": 9144
            },
            "loreft": {
              "bytes": 18456,
              "differences": {
                "lora": {
                  "interval": [
                    -0.04707,
                    -0.02489
                  ],
                  "mean": -0.03582
                },
                "seq_bn": {
                  "interval": [
                    -0.04732,
                    -0.02724
                  ],
                  "mean": -0.03733
                }
              },
              "mb": 228.7,
              "parameters": 4614,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.7953,
                "role": 0.64722,
                "use": 0.65893,
                "works-with": 0.79212
              },
              "tokens_per_second": 9283
            },
            "mam": {
              "bytes": 4105728,
              "differences": {
                "lora": {
                  "interval": [
                    -0.27287,
                    -0.23246
                  ],
                  "mean": -0.25265
                },
                "seq_bn": {
                  "interval": [
                    -0.27419,
                    -0.2333
                  ],
                  "mean": -0.25416
                }
              },
              "mb": 398.4,
              "parameters": 4898720,
              "rates": {
                "interface": "5e-4",
                "role": "5e-4",
                "use": "5e-4",
                "works-with": "5e-4"
              },
              "scores": {
                "interface": 0.74343,
                "role": 0.36,
                "use": 0.33274,
                "works-with": 0.59008
              },
              "tokens_per_second": 7037
            },
            "noreft": {
              "bytes": 18456,
              "differences": {
                "lora": {
                  "interval": [
                    -0.04113,
                    -0.01895
                  ],
                  "mean": -0.02986
                },
                "seq_bn": {
                  "interval": [
                    -0.04116,
                    -0.02153
                  ],
                  "mean": -0.03136
                }
              },
              "mb": 227.5,
              "parameters": 4614,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.79945,
                "role": 0.66222,
                "use": 0.66071,
                "works-with": 0.79504
              },
              "tokens_per_second": 9182
            },
            "par_bn": {
              "bytes": 3552768,
              "differences": {
                "lora": {
                  "interval": [
                    -0.27897,
                    -0.23811
                  ],
                  "mean": -0.25864
                },
                "seq_bn": {
                  "interval": [
                    -0.28037,
                    -0.23902
                  ],
                  "mean": -0.26015
                }
              },
              "mb": 259.0,
              "parameters": 888192,
              "rates": {
                "interface": "5e-4",
                "role": "5e-4",
                "use": "5e-4",
                "works-with": "5e-4"
              },
              "scores": {
                "interface": 0.74136,
                "role": 0.36,
                "use": 0.33274,
                "works-with": 0.5682
              },
              "tokens_per_second": 8874
            },
            "pissa": {
              "bytes": 589824,
              "differences": {
                "lora": {
                  "interval": [
                    -0.01226,
                    0.0025
                  ],
                  "mean": -0.00504
                },
                "seq_bn": {
                  "interval": [
                    -0.01617,
                    0.00318
                  ],
                  "mean": -0.00654
                }
              },
              "mb": 253.1,
              "parameters": 73728,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "2e-3"
              },
              "scores": {
                "interface": 0.82296,
                "role": 0.72833,
                "use": 0.66964,
                "works-with": 0.79577
              },
              "tokens_per_second": 8926
            },
            "prefix_tuning": {
              "bytes": 552960,
              "differences": {
                "lora": {
                  "interval": [
                    -0.10528,
                    -0.07669
                  ],
                  "mean": -0.09101
                },
                "seq_bn": {
                  "interval": [
                    -0.10691,
                    -0.07833
                  ],
                  "mean": -0.09252
                }
              },
              "mb": 306.6,
              "parameters": 2572544,
              "rates": {
                "interface": "5e-4",
                "role": "5e-4",
                "use": "2e-3",
                "works-with": "2e-3"
              },
              "scores": {
                "interface": 0.78285,
                "role": 0.445,
                "use": 0.65357,
                "works-with": 0.79139
              },
              "tokens_per_second": 8344
            },
            "prefix_tuning_flat": {
              "bytes": 552960,
              "differences": {
                "lora": {
                  "interval": [
                    -0.0344,
                    -0.01298
                  ],
                  "mean": -0.02345
                },
                "seq_bn": {
                  "interval": [
                    -0.03411,
                    -0.0152
                  ],
                  "mean": -0.02495
                }
              },
              "mb": 234.7,
              "parameters": 138240,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.82365,
                "role": 0.68056,
                "use": 0.65476,
                "works-with": 0.7841
              },
              "tokens_per_second": 8985
            },
            "prompt_tuning": {
              "bytes": 15360,
              "differences": {
                "lora": {
                  "interval": [
                    -0.06861,
                    -0.0436
                  ],
                  "mean": -0.05592
                },
                "seq_bn": {
                  "interval": [
                    -0.06834,
                    -0.04609
                  ],
                  "mean": -0.05742
                }
              },
              "mb": 222.5,
              "parameters": 3840,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "3e-2"
              },
              "scores": {
                "interface": 0.81259,
                "role": 0.595,
                "use": 0.6631,
                "works-with": 0.74252
              },
              "tokens_per_second": 7915
            },
            "scaled_par_bn": {
              "bytes": 3552792,
              "differences": {
                "lora": {
                  "interval": [
                    -0.17629,
                    -0.1479
                  ],
                  "mean": -0.16225
                },
                "seq_bn": {
                  "interval": [
                    -0.1773,
                    -0.14945
                  ],
                  "mean": -0.16375
                }
              },
              "mb": 278.3,
              "parameters": 888198,
              "rates": {
                "interface": "8e-3",
                "role": "5e-4",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.79322,
                "role": 0.51611,
                "use": 0.47679,
                "works-with": 0.60175
              },
              "tokens_per_second": 8845
            },
            "seq_bn": {
              "bytes": 452160,
              "mb": 232.9,
              "parameters": 113040,
              "rates": {
                "interface": "2e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.81535,
                "role": 0.74111,
                "use": 0.67679,
                "works-with": 0.80963
              },
              "tokens_per_second": 9341
            },
            "seq_bn_inv": {
              "bytes": 749376,
              "differences": {
                "lora": {
                  "interval": [
                    -0.00954,
                    0.00806
                  ],
                  "mean": -0.00051
                },
                "seq_bn": {
                  "interval": [
                    -0.00883,
                    0.00519
                  ],
                  "mean": -0.00201
                }
              },
              "mb": 251.8,
              "parameters": 187344,
              "rates": {
                "interface": "8e-3",
                "role": "8e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.82019,
                "role": 0.73778,
                "use": 0.67381,
                "works-with": 0.80306
              },
              "tokens_per_second": 9031
            },
            "unipelt": {
              "bytes": 968352,
              "differences": {
                "lora": {
                  "interval": [
                    -0.19293,
                    -0.16563
                  ],
                  "mean": -0.17938
                },
                "seq_bn": {
                  "interval": [
                    -0.19404,
                    -0.1673
                  ],
                  "mean": -0.18088
                }
              },
              "mb": 357.2,
              "parameters": 2760872,
              "rates": {
                "interface": "8e-3",
                "role": "2e-3",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.75795,
                "role": 0.48111,
                "use": 0.49167,
                "works-with": 0.58862
              },
              "tokens_per_second": 7655
            },
            "vera": {
              "bytes": 30720,
              "differences": {
                "lora": {
                  "interval": [
                    -0.0309,
                    -0.00939
                  ],
                  "mean": -0.01993
                },
                "seq_bn": {
                  "interval": [
                    -0.03118,
                    -0.01185
                  ],
                  "mean": -0.02143
                }
              },
              "mb": 284.5,
              "parameters": 7680,
              "rates": {
                "interface": "8e-3",
                "role": "3e-2",
                "use": "8e-3",
                "works-with": "8e-3"
              },
              "scores": {
                "interface": 0.79806,
                "role": 0.70333,
                "use": 0.66071,
                "works-with": 0.79504
              },
              "tokens_per_second": 7226
            }
          },
          "model": "minilm",
          "seeds": 3,
          "speed": {
            "kernels": "amalgam avx512",
            "machine": "AMD EPYC, 2 processors",
            "threads": 2
          },
          "tasks": [
            "interface",
            "role",
            "use",
            "works-with"
          ],
          "test": 600,
          "train": 500
        }
        """#
}
