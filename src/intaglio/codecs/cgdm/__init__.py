"""CGDM: perceptual compression of any picture (ACM MM 2024; its body is not public: the choices are ours)."""
