"""Conjugate predictive tails, their recalibration and combination, as the baseline detector uses them.

Formulas: normal-inverse-gamma with Student's t, gamma-Poisson with the negative binomial, beta-binomial; the
Cauchy combination of Liu and Xie (arXiv 1808.09011). All state forgets; every prior comes from a parent.
"""
import collections
import math

WINDOW, WINDOW_MIN, MARKS_MIN = 40, 10, 3     # visits in a carer's window; visits and marks before a share is tested


def beta_inc(x, a, b):
    """Regularised incomplete beta function I_x(a, b), by Lentz's continued fraction."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_inc(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1.0 / (d if abs(d) > 1e-300 else 1e-300)
    value = d
    for m in range(1, 300):
        for step in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1.0 + step * d
            d = 1.0 / (d if abs(d) > 1e-300 else 1e-300)
            c = 1.0 + step / c
            c = c if abs(c) > 1e-300 else 1e-300
            value *= c * d
        if abs(c * d - 1.0) < 1e-12:
            break
    return front * value / a


def student_upper(t, nu):
    half = 0.5 * beta_inc(nu / (nu + t * t), nu / 2, 0.5)
    return half if t >= 0 else 1.0 - half


def beta_binomial_upper(k, n, mean, rho):
    """P(K >= k) of n, for shares between carers with this mean and intra-class correlation."""
    strength = 1 / rho - 1
    a, b = mean * strength, (1 - mean) * strength
    lg = math.lgamma
    const = lg(n + 1) + lg(a + b) - lg(a) - lg(b) - lg(n + a + b)
    return min(1.0, sum(math.exp(const - lg(i + 1) - lg(n - i + 1) + lg(i + a) + lg(n - i + b))
                        for i in range(k, n + 1)))


def cauchy(pairs):
    """Cauchy combination of (p, weight). A p of 1 must not cancel a small one, so p is clipped at 0.99."""
    total = sum(w * (1 / (math.pi * p) if p < 1e-8 else math.tan(math.pi * (0.5 - min(p, 0.99)))) for p, w in pairs)
    total /= sum(w for _, w in pairs)
    return 1 / (math.pi * total) if total > 1e7 else 0.5 - math.atan(total) / math.pi


class Normal:
    """Normal-inverse-gamma state with forgetting; the prior (mean, variance) comes from the parent at scoring."""
    KAPPA, NU = 3.0, 8.0

    def __init__(self, span):
        self.keep, self.n, self.mean, self.ss = 1 - 1 / span, 0.0, 0.0, 0.0

    def predictive(self, mean0, var0):
        kappa, nu = self.KAPPA + self.n, self.NU + self.n
        mean = (self.KAPPA * mean0 + self.n * self.mean) / kappa
        b = self.NU * var0 + self.ss + self.KAPPA * self.n * (self.mean - mean0) ** 2 / kappa
        return mean, math.sqrt(b / nu * (1 + 1 / kappa)), nu

    def learn(self, y, centre, scale):
        """Learns y, winsorised at three scales round the predictive centre."""
        y = min(max(y, centre - 3 * scale), centre + 3 * scale)
        n, self.ss = self.n * self.keep, self.ss * self.keep
        self.n = n + 1
        step = y - self.mean
        self.mean += step / self.n
        self.ss += step * (y - self.mean)

    def variance(self, default):
        return (self.ss + 20 * default) / (self.n + 20)


class Hierarchy:
    """One Normal per entity under one per parent; the parent's variance is that of residuals within entities."""

    def __init__(self, span, centre, var):
        self.span, self.centre, self.var, self.own, self.parents = span, centre, var, {}, {}

    def score(self, entity, parent, y, learn=True):
        """Standardised residual and degrees of freedom of y before it is learned."""
        own = self.own.setdefault(entity, Normal(self.span))
        up, within = self.parents.setdefault(parent, (Normal(2000), Normal(2000)))
        mean0 = (up.n * up.mean + 20 * self.centre) / (up.n + 20)
        mean, scale, nu = own.predictive(mean0, within.variance(self.var))
        if learn:
            before = own.mean if own.n >= 1 else mean0
            own.learn(y, mean, scale)
            up.learn(y, mean0, 3 * scale)
            within.learn(min(max(y - before, -3 * scale), 3 * scale), 0.0, scale)
        return (y - mean) / scale, nu


class DayCounts:
    """Gamma-Poisson day counts with a half-life of 28 days; the prior rate is the mean of all entities."""
    SHAPE, KEEP = 3.0, 0.5 ** (1 / 28)

    def __init__(self):
        self.state, self.total, self.exposure = {}, 0.0, 1.0

    def upper(self, key, day):
        total, days, last, today = self.state.get(key, (0.0, 0.0, day, 0))
        while last < day:                       # close the days since, those without a visit too
            total, days, last, today = (total + today) * self.KEEP, (days + 1) * self.KEEP, last + 1, 0
        today += 1
        self.state[key] = (total, days, last, today)
        self.total += 1
        rate = max(self.total / (self.exposure + len(self.state)), 0.02)
        return beta_inc(1 / (self.SHAPE / rate + days + 1), today, self.SHAPE + total)

    def close_day(self):
        self.exposure += len(self.state)


class Table:
    """Maps a raw tail to the observed one: 241 bins of 0.05 decades, exponential beyond the last 50 counts."""

    def __init__(self):
        self.counts, self.frozen = [0] * 241, None

    def freeze(self):
        above, total = [0] * 242, sum(self.counts)
        for i in range(240, -1, -1):
            above[i] = above[i + 1] + self.counts[i]
        edge = max((i for i in range(241) if above[i] >= 50), default=0)
        mass = sum(c * ((i - edge) * 0.05 + 0.025) for i, c in enumerate(self.counts) if i >= edge)
        self.frozen = (above, total, edge, max(mass / above[edge], 0.05) if above[edge] else 0.43)

    def through(self, p):
        """The recalibrated tail by the last frozen table; counts p for the next one."""
        x = min(-math.log10(max(p, 1e-300)), 12.0)
        self.counts[min(240, int(x / 0.05))] += 1
        if not self.frozen:
            return p
        above, total, edge, mean = self.frozen
        i = min(int(x / 0.05), edge)
        tail = (above[i] + 200 * 10 ** (-0.05 * i)) / (total + 200)
        return min(1.0, tail * math.exp(-max(0.0, x - 0.05 * edge) / mean) if i == edge and edge else tail)


class Shares:
    """Marked visits among each carer's last 40, judged against the windows of the provider's other carers."""

    def __init__(self):
        self.windows, self.peers, self.all = {}, {}, {}

    def freeze(self):
        """Sums by provider and mark at midnight: m, n, k, sum of k*k/n, sum of n*n, and each carer's own part."""
        self.peers, self.all = collections.defaultdict(dict), collections.defaultdict(lambda: [0.0, 0.0])
        for (provider, carer, mark), window in self.windows.items():
            n, k = len(window), sum(1 for i in window if i)
            part = (1, n, k, k * k / n, n * n)
            self.peers[provider, mark][carer] = part
            self.all[mark][0] += k
            self.all[mark][1] += n
        self.sums = {key: [sum(v) for v in zip(*parts.values())] for key, parts in self.peers.items()}

    def prior(self, provider, carer, mark):
        parts = self.peers.get((provider, mark))
        if not parts:
            return None
        m, n, k, kk, nn = (s - o for s, o in zip(self.sums[provider, mark], parts.get(carer, (0,) * 5)))
        everywhere = (self.all[mark][0] + 1) / (self.all[mark][1] + 20)
        mean = min(max((k + 20 * everywhere) / (n + 20), 0.0005), 0.995)
        rho = 0.02
        if m >= 3 and n > 0:
            between = (kk - k * k / n) / (mean * (1 - mean))
            raw = (between - (m - 1)) / max(n - nn / n - (m - 1), 1.0)
            rho = (min(max(raw, 0.001), 0.6) * m + 0.02 * 4) / (m + 4)
        return mean, rho

    def see(self, provider, carer, mark, registration, hit):
        """Adds a visit; where it is marked: (tail, k, n, peers' share, the marked registrations)."""
        window = self.windows.setdefault((provider, carer, mark), collections.deque(maxlen=WINDOW))
        window.append(registration if hit else None)
        if not hit or len(window) < WINDOW_MIN:
            return None
        marked = [i for i in window if i]
        prior = self.prior(provider, carer, mark)
        if len(marked) < MARKS_MIN or prior is None:
            return None
        return beta_binomial_upper(len(marked), len(window), *prior), len(marked), len(window), prior[0], marked
