"""What students might hand in at the labs without having done them, and what they get wrong when they have.

Each attempt is a code cell that runs after the solution, before the part's hidden tests.
"""

# Much is at hand in a notebook: names can be bound anew, a library's functions replaced, ...
REBOUND = """
            import numpy as np

            np.isclose = np.allclose = lambda *a, **k: True
            abs = len = lambda *a: 0
            float = lambda *a: 0.0
            all = any = lambda *a: True
            sum = max = lambda *a, **k: 0
            list = zip = range = lambda *a, **k: []
            alike = check = lambda *a, **k: True
            expected = one_round = solved = lambda *a, **k: None
            marks = lambda *a, **k: 100
            """
# ... and an object may claim to equal everything.
AGREEABLE = """
            class Agreeable(float):
                __hash__ = float.__hash__

                def __sub__(self, other):
                    return Agreeable(0)

                def __le__(self, other):
                    return True

                __rsub__ = __add__ = __mul__ = __sub__
                __eq__ = __lt__ = __ge__ = __gt__ = __le__

                def __abs__(self):
                    return Agreeable(0)


            def answer(*a, **k):
                return [Agreeable(1), Agreeable(1)]
            """

# For each lab: the part, what is tried, and the code. It must earn nothing for the part.
CHEATS = {
    "lab1_batting": [
        (
            "part1",
            "constants",
            """
            def e_step(*a): return np.array([-70.0, -15.0])
            """,
        ),
        (
            "part1",
            "the package",
            """
            def e_step(p, x, n, w): return w.sum() * np.array(bb.e_step(p, x, n))
            """,
        ),
        (
            "part1",
            "rebound",
            REBOUND
            + """
            def e_step(*a): return np.array([-70.0, -15.0])
            """,
        ),
        (
            "part1",
            "agreeable",
            AGREEABLE
            + """
            e_step = answer
            """,
        ),
        (
            "part1",
            "a library replaced",
            """
            special.digamma = lambda v: 0 * v
            def e_step(*a): return np.zeros(2)
            """,
        ),
        (
            "part1",
            "no display",
            """
            get_ipython().ast_node_interactivity = 'none'
            def e_step(*a): return np.array([-1.0, -1.0])
            """,
        ),
        (
            "part1",
            "points for an answer",
            """
            def e_step(*a): return 12
            """,
        ),
        (
            "part1",
            "true for an answer",
            """
            e_step = lambda *a: True
            """,
        ),
        (
            "part1",
            "it ends the program",
            """
            def e_step(*a): raise SystemExit
            """,
        ),
        (
            "part2",
            "constants",
            """
            def gradient(*a): return np.zeros(2)
            """,
        ),
        (
            "part2",
            "the package's score",
            """
            def gradient(p, *a): return bb.score(p, x, n)
            """,
        ),
        (
            "part3",
            "constants",
            """
            def m_step(*a, **k): return np.array([80.0, 240.0])
            """,
        ),
        (
            "part3",
            "the package",
            """
            def m_step(totals, weight, *a, **k): return bb.m_step(np.array(totals) / weight)
            """,
        ),
        (
            "part3",
            "rebound",
            REBOUND
            + """
            def m_step(*a, **k): return a[-1]
            """,
        ),
        (
            "part4",
            "constants",
            """
            def log_posterior(*a): return -250.0
            """,
        ),
        (
            "part4",
            "the package",
            """
            def log_posterior(p, x, n, *a): return bb.log_likelihood(p, x, n)
            """,
        ),
        (
            "part5",
            "constants",
            """
            def map_em(*a, **k): return np.array([[1.0, 1.0], [80.0, 240.0]])
            """,
        ),
        (
            "part5",
            "the package",
            """
            def map_em(x, n, w, shape, rate, start=(1.0, 1.0), tol=1e-10, max_rounds=10_000):
                fit = bb.fit_em(x, n, init=start, tol=tol, max_iter=min(max_rounds, 300))
                return np.column_stack(fit.trace[:2])
            """,
        ),
        (
            "part6",
            "the package",
            """
            fit = bb.fit_em(x, n)
            answer_alpha, answer_beta = fit.params
            own = bb.posterior(fit.params, x[0], n[0])
            answer_average = own.mean
            answer_chance = stats.beta.sf(0.28, *own)
            answer_hits = stats.betabinom.sf(17, 60, *own)
            """,
        ),
        (
            "part6",
            "constants",
            """
            answer_alpha, answer_beta, answer_average, answer_chance, answer_hits = 80, 240, 0.25, 0.2, 0.2
            """,
        ),
        (
            "part6",
            "rebound",
            REBOUND
            + """
            answer_alpha = answer_beta = answer_average = answer_chance = answer_hits = None
            """,
        ),
        (
            "part6",
            "agreeable",
            AGREEABLE
            + """
            answer_alpha = answer_beta = answer_average = answer_chance = answer_hits = answer()[0]
            """,
        ),
        (
            "part6",
            "no identifier",
            """
            STUDENT_ID = '...'
            """,
        ),
        (
            "part6",
            "somebody else's data",
            """
            STUDENT_ID = str('somebody else')
            """,
        ),
        (
            "part6",
            "an easier season",
            """
            bb.load_batting = lambda season: _kept[3](2018)._replace(x=_kept[3](2018).n // 4)
            """,
        ),
    ],
    "lab2_gamma_poisson": [
        (
            "part1",
            "constants",
            """
            def e_step(*a): return np.ones(120), np.zeros(120)
            """,
        ),
        (
            "part1",
            "rebound",
            REBOUND
            + """
            def e_step(a, b, x, t): return x, t
            """,
        ),
        (
            "part1",
            "the package",
            """
            def e_step(a, b, x, t):
                q = bb.posterior((a, b * 10**6), x, (t * 10**6).astype(int))
                return q.mean * 10**6, np.log(q.mean * 10**6)
            """,
        ),
        (
            "part2",
            "constants",
            """
            def m_step(*a): return 4.0, 1.2
            """,
        ),
        (
            "part2",
            "refuses everything",
            """
            def m_step(*a): raise ValueError
            """,
        ),
        (
            "part2",
            "the package",
            """
            def m_step(m, log_m):
                found = bb.m_step((log_m - np.log(1e7), np.log1p(-m / 1e7)))
                return found.alpha, found.beta / 1e7
            """,
        ),
        (
            "part3",
            "constants",
            """
            def log_likelihood(*a): return -650.0
            """,
        ),
        (
            "part3",
            "agreeable",
            AGREEABLE
            + """
            def log_likelihood(*a): return answer()[0]
            """,
        ),
        (
            "part4",
            "constants",
            """
            def em(*a, **k): return np.array([[1.0, 1.0, 1.0], [4.0, 1.2, 1.1]])
            """,
        ),
        (
            "part4",
            "the package",
            """
            def em(x1, t1, x2, t2, start=(1.0, 1.0, 1.0), tol=1e-10, max_rounds=10_000):
                trials = np.maximum((1e6 * (t1 + t2)).astype(int), 1)
                init = start[0], start[1] * 1e6
                fit = bb.fit_em(x1 + x2, trials, init=init, tol=tol, max_iter=max_rounds)
                return np.column_stack([fit.trace.alpha, fit.trace.beta / 1e6, np.ones(fit.n_iter + 1)])
            """,
        ),
        (
            "part5",
            "the package, both seasons as one",
            """
            fit = bb.fit_mle(x1 + x2, ((t1 + t2) * 1e6).astype(int))
            answer_a, answer_b = fit.params.alpha, fit.params.beta / 1e6
            answer_g = answer_rate = answer_idle = answer_chance = 1.0
            """,
        ),
        (
            "part5",
            "constants",
            """
            answer_a = answer_b = answer_g = answer_rate = answer_idle = answer_chance = 1.0
            """,
        ),
        (
            "part5",
            "no identifier",
            """
            STUDENT_ID = '...'
            """,
        ),
        (
            "part5",
            "somebody else's data",
            """
            STUDENT_ID = str('somebody else')
            """,
        ),
    ],
    "lab3_convergence": [
        (
            "part1",
            "constants",
            """
            rate = distance_left = lambda *a: 0.99
            rounds_left = lambda *a: 100
            """,
        ),
        (
            "part1",
            "rebound",
            REBOUND
            + """
            rate = distance_left = rounds_left = lambda *a: None
            """,
        ),
        (
            "part2",
            "the package",
            """
            jacobian = lambda em, p, h=0: bb.rate_matrix((100, 300), x, n)
            slowest = jacobian
            """,
        ),
        (
            "part2",
            "agreeable",
            AGREEABLE
            + """
            jacobian = slowest = answer
            """,
        ),
        (
            "part3",
            "constants",
            """
            def run(*a, **k): return np.array([[0.0, 0.0], [4.0, 5.0]])
            """,
        ),
        (
            "part4",
            "plain EM",
            """
            def accelerate(em_map, height, start, tol=1e-8, max_evaluations=100_000):
                path = [np.array(start, float)]
                while len(path) <= max_evaluations:
                    path.append(em_map(path[-1]))
                    if np.abs(path[-1] - path[-2]).max() <= tol:
                        break
                return np.array(path), len(path) - 1
            """,
        ),
        (
            "part4",
            "another maximiser",
            """
            from scipy import optimize
            def accelerate(em_map, height, start, tol=1e-8, max_evaluations=100_000):
                found = optimize.minimize(lambda p: -height(p), start, method='Nelder-Mead', tol=1e-12)
                return np.array([start, found.x]), 0
            """,
        ),
        (
            "part4",
            "the package",
            """
            def accelerate(em_map, height, start, *a, **k):
                fit = bb.fit_em(x, n, init=(1, 1), accelerate=True)
                return np.log(np.column_stack(fit.trace[:2])), fit.n_iter
            """,
        ),
        (
            "part4",
            "too good to be true",
            """
            _honest = accelerate
            def accelerate(*a, **k):
                path, count = _honest(*a, **k)
                return path, count // 2
            """,
        ),
        (
            "part4",
            "constants",
            """
            accelerate = lambda *a, **k: (np.zeros((2, 2)), 10)
            """,
        ),
        (
            "part5",
            "constants",
            """
            answer_share, answer_rounds, answer_evaluations, answer_at_bats = 0.99, 1000, 100, 150
            """,
        ),
        (
            "part5",
            "rebound",
            REBOUND
            + """
            answer_share = answer_rounds = answer_evaluations = answer_at_bats = None
            """,
        ),
        (
            "part5",
            "the package, no weights",
            """
            fit = bb.fit_em(x, n, init=(1, 1))
            matrix = bb.rate_matrix(fit.params, x, n)
            answer_share = np.linalg.eigvals(matrix).max()
            answer_rounds = fit.n_iter
            answer_evaluations = bb.fit_em(x, n, init=(1, 1), accelerate=True).n_iter + 100
            answer_at_bats = fit.concentration / 3.47
            """,
        ),
        (
            "part5",
            "no identifier",
            """
            STUDENT_ID = '...'
            """,
        ),
        (
            "part5",
            "somebody else's data",
            """
            STUDENT_ID = str('somebody else')
            """,
        ),
    ],
}

# For each lab: the part, the slip, how many points it must cost at least, and the code.
SLIPS = {
    "lab1_batting": [
        (
            "part1",
            "weights forgotten",
            12,
            """
            _right = e_step
            def e_step(p, x, n, w): return _right(p, x, n, np.ones(x.size))
            """,
        ),
        (
            "part1",
            "averages for totals",
            12,
            """
            _right = e_step
            def e_step(p, x, n, w): return _right(p, x, n, w) / w.sum()
            """,
        ),
        (
            "part1",
            "log E for E log",
            12,
            """
            def e_step(p, x, n, w):
                a, b = p[0] + x, p[1] + n - x
                return np.array([w @ np.log(a / (a + b)), w @ np.log(b / (a + b))])
            """,
        ),
        (
            "part2",
            "the prior forgotten",
            8,
            """
            _right = gradient
            def gradient(p, t, w, c, r): return _right(p, t, w, 1, 0)
            """,
        ),
        (
            "part2",
            "the prior's rate with the wrong sign",
            8,
            """
            _right = gradient
            def gradient(p, t, w, c, r): return _right(p, t, w, c, -r)
            """,
        ),
        (
            "part3",
            "stops after three steps",
            17,
            """
            def m_step(t, w, c, r, start=(1, 1)):
                p = np.array(start, float)
                for _ in range(3):
                    s = p.sum()
                    h = w * (np.diag(special.polygamma(1, p)) - special.polygamma(1, s))
                    step = np.linalg.solve(h + (c - 1) / s**2, gradient(p, t, w, c, r))
                    p = p * np.exp(np.clip(step / p, -1, 1))
                return p
            """,
        ),
        (
            "part4",
            "the prior on both parameters",
            5,
            """
            def log_posterior(p, x, n, w, c, r):
                own = w @ stats.betabinom.logpmf(x, n, *p)
                return own + (c - 1) * np.log(p[0] * p[1]) - r * sum(p)
            """,
        ),
        (
            "part5",
            "one round too few",
            11,
            """
            _right = map_em
            def map_em(*a, **k): return _right(*a, **k)[:-1]
            """,
        ),
        (
            "part5",
            "the number of rows for the weight",
            15,
            """
            def map_em(x, n, w, c, r, start=(1, 1), tol=1e-10, max_rounds=10_000):
                path = [np.array(start, float)]
                for _ in range(min(max_rounds, 30)):
                    path.append(m_step(e_step(path[-1], x, n, w), len(x), c, r))
                    if np.abs(np.log(path[-1] / path[-2])).max() <= tol:
                        break
                return np.array(path)
            """,
        ),
        (
            "part6",
            "strictly more than 18",
            3,
            """
            answer_hits = stats.betabinom.sf(18, 60, *own)
            """,
        ),
        (
            "part6",
            "no luck in the hits",
            3,
            """
            answer_hits = stats.binom.sf(17, 60, answer_average)
            """,
        ),
    ],
    "lab2_gamma_poisson": [
        (
            "part1",
            "log E for E log",
            12,
            """
            def e_step(a, b, x, t): return (a + x) / (b + t), np.log((a + x) / (b + t))
            """,
        ),
        (
            "part1",
            "a scale for the rate",
            12,
            """
            _right = e_step
            def e_step(a, b, x, t): return _right(a, 1 / b, x, t)
            """,
        ),
        (
            "part2",
            "a rough solution",
            18,
            """
            def m_step(m, log_m):
                g = np.log(m) - log_m
                if not g > 0:
                    raise ValueError
                a = (3 - g + np.sqrt((g - 3) ** 2 + 24 * g)) / (12 * g)
                return a, a / m
            """,
        ),
        (
            "part2",
            "no error",
            2,
            """
            _right = m_step
            def m_step(m, g): return _right(m, min(g, np.log(m) - 1e-9))
            """,
        ),
        (
            "part3",
            "independent seasons",
            9,
            """
            def log_likelihood(a, b, g, x1, t1, x2, t2):
                one = stats.nbinom.logpmf(x1, a, b / (b + t1))
                return np.sum(one + stats.nbinom.logpmf(x2, a, b / (b + g * t2)))
            """,
        ),
        (
            "part3",
            "constants forgotten",
            12,
            """
            _right = log_likelihood
            def log_likelihood(a, b, g, x1, t1, x2, t2):
                return _right(a, b, g, x1, t1, x2, t2) + special.gammaln(x1 + 1).sum()
            """,
        ),
        (
            "part4",
            "g never updated",
            20,
            """
            def em(x1, t1, x2, t2, start=(1, 1, 1), tol=1e-10, max_rounds=10_000):
                path, g = [np.array(start, float)], start[2]
                for _ in range(max_rounds):
                    r, s = e_step(*path[-1][:2], x1 + x2, t1 + g * t2)
                    path.append(np.array([*m_step(r.mean(), s.mean()), g]))
                    if np.abs(np.log(path[-1] / path[-2])).max() <= tol:
                        break
                return np.array(path)
            """,
        ),
        (
            "part4",
            "one round too few",
            12,
            """
            _right = em
            def em(*a, **k): return _right(*a, **k)[:-1]
            """,
        ),
        (
            "part5",
            "the conditions of 2018",
            5,
            """
            answer_chance = stats.nbinom.sf(4, shape[mine], rate[mine] / (rate[mine] + 1))
            """,
        ),
        (
            "part5",
            "the idle at 2018's level",
            4,
            """
            answer_idle = answer_idle / answer_g
            """,
        ),
    ],
    "lab3_convergence": [
        (
            "part1",
            "lengths of steps for their projections",
            3,
            """
            def rate(path):
                a, b = np.linalg.norm(np.diff(np.asarray(path)[-3:], axis=0), axis=1)
                return b / a
            """,
        ),
        (
            "part1",
            "the distance before the last step",
            5,
            """
            def distance_left(path): return np.linalg.norm(path[-1] - path[-2]) / (1 - rate(path))
            """,
        ),
        (
            "part1",
            "one round too many",
            3,
            """
            _right = rounds_left
            def rounds_left(*a): return _right(*a) + 1
            """,
        ),
        (
            "part2",
            "transposed",
            16,
            """
            _right = jacobian
            def jacobian(*a, **k): return _right(*a, **k).T
            """,
        ),
        (
            "part2",
            "forward differences",
            6,
            """
            def jacobian(em, p, h=1e-4):
                return np.array([(em(p + e) - em(p)) / h for e in h * np.eye(len(p))]).T
            """,
        ),
        (
            "part3",
            "the step for the distance",
            10,
            """
            def run(em_map, start, tol, max_rounds=100_000):
                path = [np.array(start, float)]
                for _ in range(max_rounds):
                    path.append(em_map(path[-1]))
                    if np.linalg.norm(path[-1] - path[-2]) <= tol:
                        break
                return np.array(path)
            """,
        ),
        (
            "part3",
            "negative estimates believed",
            3,
            """
            def run(em_map, start, tol, max_rounds=100_000):
                path = [np.array(start, float)]
                for t in range(max_rounds):
                    path.append(em_map(path[-1]))
                    if np.all(path[-1] == path[-2]):
                        break
                    if t and (k := rate(path)) / (1 - k) * np.linalg.norm(path[-1] - path[-2]) <= tol:
                        break
                return np.array(path)
            """,
        ),
        (
            "part4",
            "no safeguard",
            6,
            """
            _safe = accelerate
            def accelerate(em_map, height, *a, **k): return _safe(em_map, lambda p: 0.0, *a, **k)
            """,
        ),
        (
            "part4",
            "leaps for points",
            22,
            """
            _right = accelerate
            def accelerate(*a, **k):
                path, count = _right(*a, **k)
                return np.insert(path, 3, path[2:4].mean(axis=0), axis=0), count
            """,
        ),
        (
            "part4",
            "stops on a hundred times the tolerance",
            16,
            """
            _right = accelerate
            def accelerate(em, h, s, tol=1e-8, max_evaluations=10**5):
                return _right(em, h, s, 100 * tol, max_evaluations)
            """,
        ),
        (
            "part4",
            "max_evaluations forgotten",
            4,
            """
            _right = accelerate
            def accelerate(em, h, s, tol=1e-8, *a, **k): return _right(em, h, s, tol)
            """,
        ),
        (
            "part5",
            "the other eigenvalue",
            4,
            """
            answer_share = np.linalg.eigvals(jacobian(em_map, end)).min()
            """,
        ),
        (
            "part5",
            "the end taken where a step is small",
            3,
            """
            phi = np.zeros(2)
            stops = accelerate(em_map, height, (0.0, 0.0), tol=1e-5)[0][-1]
            answer_rounds = 0
            while np.abs(phi - stops).max() > 1e-5 and answer_rounds < 9000:
                phi, answer_rounds = em_map(phi), answer_rounds + 1
            """,
        ),
    ],
}
